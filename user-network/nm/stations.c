/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asks wpa_supplicant for the stations of the radio, once, and again at each sign of a change. */

#include "stations.h"

#define SUPPLICANT "fi.w1.wpa_supplicant1"
#define SUPPLICANT_PATH "/fi/w1/wpa_supplicant1"
#define SUPPLICANT_INTERFACE "fi.w1.wpa_supplicant1.Interface"

struct stations {
    sd_bus *bus;
    const char *interface;
    void (*changed)(void *userdata);
    void *userdata;
    unsigned count;
    bool known;
    sd_bus_slot *added;
    sd_bus_slot *removed;
    sd_bus_slot *asking;
};

static void set_count(struct stations *stations, unsigned count)
{
    if (stations->known && stations->count == count)
        return;
    stations->known = true;
    stations->count = count;
    stations->changed(stations->userdata);
}

static int count_paths(sd_bus_message *message, unsigned *ret)
{
    unsigned count = 0;
    const char *path;
    int r;

    r = sd_bus_message_enter_container(message, 'v', "ao");
    if (r < 0)
        return r;
    r = sd_bus_message_enter_container(message, 'a', "o");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(message, "o", &path)) > 0)
        count++;
    if (r < 0)
        return r;
    *ret = count;
    return 0;
}

static int on_stations(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct stations *stations = userdata;
    unsigned count = 0;

    stations->asking = sd_bus_slot_unref(stations->asking);
    /* An error means that there is no access point any more, and so nobody on it. */
    if (!sd_bus_message_is_method_error(message, NULL))
        (void)count_paths(message, &count);
    set_count(stations, count);
    return 0;
}

static int on_interface(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct stations *stations = userdata;
    const char *path;

    stations->asking = sd_bus_slot_unref(stations->asking);
    if (sd_bus_message_is_method_error(message, NULL) ||
            sd_bus_message_read(message, "o", &path) < 0) {
        set_count(stations, 0);
        return 0;
    }
    return sd_bus_call_method_async(stations->bus, &stations->asking, SUPPLICANT, path,
            "org.freedesktop.DBus.Properties", "Get", on_stations, stations, "ss",
            SUPPLICANT_INTERFACE, "Stations");
}

void stations_refresh(struct stations *stations)
{
    stations->asking = sd_bus_slot_unref(stations->asking);
    if (sd_bus_call_method_async(stations->bus, &stations->asking, SUPPLICANT, SUPPLICANT_PATH,
                SUPPLICANT, "GetInterface", on_interface, stations, "s", stations->interface) < 0)
        set_count(stations, 0);
}

static int on_change(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    stations_refresh(userdata);
    return 0;
}

int stations_new(sd_bus *bus, const char *interface, void (*changed)(void *userdata),
        void *userdata, struct stations **ret)
{
    _cleanup_(stations_free_p) struct stations *stations = calloc(1, sizeof(*stations));
    int r;

    if (!stations)
        return -ENOMEM;
    stations->bus = sd_bus_ref(bus);
    stations->interface = interface;
    stations->changed = changed;
    stations->userdata = userdata;
    r = sd_bus_match_signal_async(bus, &stations->added, SUPPLICANT, NULL, SUPPLICANT_INTERFACE,
            "StationAdded", on_change, NULL, stations);
    if (r < 0)
        return r;
    r = sd_bus_match_signal_async(bus, &stations->removed, SUPPLICANT, NULL, SUPPLICANT_INTERFACE,
            "StationRemoved", on_change, NULL, stations);
    if (r < 0)
        return r;
    *ret = STEAL(stations);
    return 0;
}

struct stations *stations_free(struct stations *stations)
{
    if (!stations)
        return NULL;
    sd_bus_slot_unref(stations->added);
    sd_bus_slot_unref(stations->removed);
    sd_bus_slot_unref(stations->asking);
    sd_bus_unref(stations->bus);
    free(stations);
    return NULL;
}

bool stations_known(const struct stations *stations)
{
    return stations->known;
}

unsigned stations_count(const struct stations *stations)
{
    return stations->count;
}
