/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each profile is an object of ours on the bus, which BlueZ calls when a phone connects. Nobody is
 * started for it: without bluetoothd there is nothing to offer.
 */

#include "bluetooth.h"

#include <string.h>

#include "bluetooth-handover.h"
#include "unbox/log.h"

#define BLUEZ "org.bluez"
#define BLUEZ_PATH "/org/bluez"
#define PROFILE_MANAGER BLUEZ ".ProfileManager1"
#define PROFILE BLUEZ ".Profile1"
#define REJECTED BLUEZ ".Error.Rejected"
#define REGISTER_TIMEOUT_USEC (10 * USEC_PER_SEC)

/*
 * What a phone asks for before it offers itself to a head unit: RFCOMM on channel 8. The record is
 * written out because phones compare UUIDs by their width, too: those that the Bluetooth SIG has
 * assigned must have 16 bits, where BlueZ's own record would have 128.
 */
#define ANDROID_AUTO_UUID "4de17a00-52cb-11e6-bdf4-0800200c9a66"
#define ANDROID_AUTO_CHANNEL 8
#define ANDROID_AUTO_RECORD                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><record>"                                           \
    "<attribute id=\"0x0001\"><sequence><uuid value=\"" ANDROID_AUTO_UUID "\"/>"                   \
    "<uuid value=\"0x1101\"/></sequence></attribute>"                                              \
    "<attribute id=\"0x0003\"><uuid value=\"" ANDROID_AUTO_UUID "\"/></attribute>"                 \
    "<attribute id=\"0x0004\"><sequence><sequence><uuid value=\"0x0100\"/></sequence>"             \
    "<sequence><uuid value=\"0x0003\"/><uint8 value=\"0x08\"/></sequence></sequence></attribute>"  \
    "<attribute id=\"0x0005\"><sequence><uuid value=\"0x1002\"/></sequence></attribute>"           \
    "<attribute id=\"0x0009\"><sequence><sequence><uuid value=\"0x1101\"/>"                        \
    "<uint16 value=\"0x0102\"/></sequence></sequence></attribute>"                                 \
    "<attribute id=\"0x0100\"><text value=\"Android Auto Wireless\"/></attribute></record>"

static const struct profile {
    const char *name;
    const char *path;
    const char *uuid;
    const char *title;
    const char *record; /* NULL: BlueZ knows the profile, and its channel */
    uint16_t channel;
} profiles[] = {
        {"android-auto", "/unbox/bluetooth/android_auto", ANDROID_AUTO_UUID,
                "Android Auto Wireless", ANDROID_AUTO_RECORD, ANDROID_AUTO_CHANNEL},
        {"hfp-ag", "/unbox/bluetooth/hfp_ag", "0000111f-0000-1000-8000-00805f9b34fb",
                "Hands-Free Audio Gateway", NULL, 0},
        {"hsp-hs", "/unbox/bluetooth/hsp_hs", "00001108-0000-1000-8000-00805f9b34fb", "Headset",
                NULL, 0},
};

struct bluetooth {
    sd_bus *bus;
    sd_bus_slot *match;
    sd_bus_slot *question; /* who has the name */
    char *owner;           /* of BlueZ's name: nobody else calls our objects */
    struct registration {
        const struct profile *profile;
        struct bluetooth *bluetooth;
        sd_bus_slot *object;
        sd_bus_slot *call;
        bool wanted;
    } registrations[ELEMENTSOF(profiles)];
};

static bool is_from_bluez(const struct bluetooth *bluetooth, sd_bus_message *m)
{
    const char *sender = sd_bus_message_get_sender(m);

    return bluetooth->owner && sender && strcmp(sender, bluetooth->owner) == 0;
}

static int refuse_stranger(sd_bus_error *error)
{
    return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "only BlueZ has a say here");
}

static int on_new_connection(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    const struct registration *registration = userdata;
    const char *name = registration->profile->name, *device;
    int fd, r;

    if (!is_from_bluez(registration->bluetooth, m))
        return refuse_stranger(error);
    r = sd_bus_message_read(m, "oh", &device, &fd);
    if (r < 0)
        return r;
    r = bluetooth_hand_over(name, device, fd);
    if (r < 0) {
        unbox_log(LOG_NOTICE, "refused %s for %s: %s", device, name,
                r == -ENOENT || r == -ECONNREFUSED ? "nobody listens for it" : strerrordesc_np(-r));
        return sd_bus_error_set(error, REJECTED, "nobody listens for this profile");
    }
    unbox_log(LOG_INFO, "handed %s over for %s", device, name);
    return sd_bus_reply_method_return(m, "");
}

/* Whoever has the descriptor sees its end when BlueZ closes the connection. */
static int on_request_disconnection(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    const struct registration *registration = userdata;

    if (!is_from_bluez(registration->bluetooth, m))
        return refuse_stranger(error);
    return sd_bus_reply_method_return(m, "");
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    const struct registration *registration = userdata;

    if (!is_from_bluez(registration->bluetooth, m))
        return refuse_stranger(error);
    unbox_log(LOG_INFO, "BlueZ gives the profile %s up", registration->profile->name);
    return sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable profile_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD(
                "NewConnection", "oha{sv}", "", on_new_connection, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestDisconnection", "o", "", on_request_disconnection,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Release", "", "", on_release, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

/* Empty: nobody has the name. */
static int set_owner(struct bluetooth *bluetooth, const char *owner)
{
    char *copy = *owner ? strdup(owner) : NULL;

    if (*owner && !copy)
        return -ENOMEM;
    free(bluetooth->owner);
    bluetooth->owner = copy;
    return 0;
}

static int on_registered(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct registration *registration = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);

    registration->call = sd_bus_slot_unref(registration->call);
    if (!error) {
        unbox_log(LOG_INFO, "registered the Bluetooth profile %s", registration->profile->name);
        return 0;
    }
    /* It comes by itself, or came while it was asked. */
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
            sd_bus_error_has_name(error, BLUEZ ".Error.AlreadyExists"))
        return 0;
    unbox_log(LOG_WARNING, "BlueZ does not take the profile %s: %s", registration->profile->name,
            error->message ?: error->name);
    return 0;
}

static int append_options(sd_bus_message *m, const struct profile *profile)
{
    int r;

    r = sd_bus_message_open_container(m, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_append(m, "{sv}", "Name", "s", profile->title);
    if (r >= 0 && profile->record) {
        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "Role", "s", "server", "Channel", "q",
                profile->channel, "ServiceRecord", "s", profile->record, "RequireAuthentication",
                "b", 1);
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}

static int send_registration(struct registration *registration)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    sd_bus *bus = registration->bluetooth->bus;
    int r;

    r = sd_bus_message_new_method_call(
            bus, &m, BLUEZ, BLUEZ_PATH, PROFILE_MANAGER, "RegisterProfile");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "os", registration->profile->path, registration->profile->uuid);
    if (r >= 0)
        r = append_options(m, registration->profile);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, false);
    if (r < 0)
        return r;
    registration->call = sd_bus_slot_unref(registration->call);
    return sd_bus_call_async(
            bus, &registration->call, m, on_registered, registration, REGISTER_TIMEOUT_USEC);
}

static void register_one(struct registration *registration)
{
    int r = 0;

    if (!registration->wanted)
        return;
    if (!registration->object)
        r = sd_bus_add_object_vtable(registration->bluetooth->bus, &registration->object,
                registration->profile->path, PROFILE, profile_vtable, registration);
    if (r >= 0)
        r = send_registration(registration);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't register the Bluetooth profile %s",
                registration->profile->name);
}

/* It may be that it never was registered: the answer doesn't matter. */
static void unregister_one(struct registration *registration)
{
    if (!registration->object)
        return;
    registration->object = sd_bus_slot_unref(registration->object);
    registration->call = sd_bus_slot_unref(registration->call);
    if (!registration->bluetooth->owner)
        return;
    (void)sd_bus_call_method_async(registration->bluetooth->bus, NULL, BLUEZ, BLUEZ_PATH,
            PROFILE_MANAGER, "UnregisterProfile", NULL, NULL, "o", registration->profile->path);
}

static void set_owner_and_register(struct bluetooth *bluetooth, const char *owner)
{
    if (set_owner(bluetooth, owner) < 0 || !*owner)
        return;
    for (size_t i = 0; i < ELEMENTSOF(profiles); i++)
        register_one(&bluetooth->registrations[i]);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const char *name, *old_owner, *new_owner;

    if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) >= 0)
        set_owner_and_register(userdata, new_owner);
    return 0;
}

/* There is no signal for who was there before. */
static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const char *owner;

    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read_basic(m, 's', &owner) >= 0)
        set_owner_and_register(userdata, owner);
    return 0;
}

/* Without a profile there is nothing to listen for. */
static int watch(struct bluetooth *bluetooth)
{
    int r;

    r = sd_bus_add_match_async(bluetooth->bus, &bluetooth->match,
            "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
            "member='NameOwnerChanged',arg0='" BLUEZ "'",
            on_owner_changed, NULL, bluetooth);
    if (r < 0)
        return r;
    return sd_bus_call_method_async(bluetooth->bus, &bluetooth->question, "org.freedesktop.DBus",
            "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", on_owner, bluetooth,
            "s", BLUEZ);
}

static void begin(struct bluetooth *bluetooth)
{
    bool wanted = false;
    int r;

    for (size_t i = 0; i < ELEMENTSOF(profiles); i++)
        wanted |= bluetooth->registrations[i].wanted;
    if (!bluetooth->bus || bluetooth->match || !wanted)
        return;
    r = watch(bluetooth);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't watch for BlueZ");
}

int bluetooth_new(struct bluetooth **ret)
{
    struct bluetooth *bluetooth = calloc(1, sizeof(*bluetooth));

    if (!bluetooth)
        return -ENOMEM;
    for (size_t i = 0; i < ELEMENTSOF(profiles); i++) {
        bluetooth->registrations[i].profile = &profiles[i];
        bluetooth->registrations[i].bluetooth = bluetooth;
    }
    *ret = bluetooth;
    return 0;
}

struct bluetooth *bluetooth_free(struct bluetooth *bluetooth)
{
    if (!bluetooth)
        return NULL;
    bluetooth_disconnected(bluetooth);
    free(bluetooth);
    return NULL;
}

static bool contains(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

void bluetooth_configure(struct bluetooth *bluetooth, const char *const *names)
{
    for (size_t i = 0; i < ELEMENTSOF(profiles); i++) {
        struct registration *registration = &bluetooth->registrations[i];
        bool wanted = contains(names, profiles[i].name);

        if (wanted == registration->wanted)
            continue;
        registration->wanted = wanted;
        if (!wanted)
            unregister_one(registration);
        else if (bluetooth->owner)
            register_one(registration);
    }
    begin(bluetooth);
}

void bluetooth_connected(struct bluetooth *bluetooth, sd_bus *bus)
{
    bluetooth_disconnected(bluetooth);
    bluetooth->bus = sd_bus_ref(bus);
    begin(bluetooth);
}

void bluetooth_disconnected(struct bluetooth *bluetooth)
{
    for (size_t i = 0; i < ELEMENTSOF(profiles); i++) {
        struct registration *registration = &bluetooth->registrations[i];

        registration->object = sd_bus_slot_unref(registration->object);
        registration->call = sd_bus_slot_unref(registration->call);
    }
    bluetooth->match = sd_bus_slot_unref(bluetooth->match);
    bluetooth->question = sd_bus_slot_unref(bluetooth->question);
    free(bluetooth->owner);
    bluetooth->owner = NULL;
    bluetooth->bus = sd_bus_unref(bluetooth->bus);
}
