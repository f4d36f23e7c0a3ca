/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls on the system bus, one after the other, each bounded in time. */

#include "peer-bus.h"

#define CALL_TIMEOUT_USEC (25 * USEC_PER_SEC)

struct peer_bus {
    sd_bus *bus;
    sd_bus_slot *slot;
    peer_reply_fn reply;
    void *userdata;
};

int peer_bus_new(sd_event *event, struct peer_bus **ret)
{
    _cleanup_(peer_bus_free_p) struct peer_bus *bus = calloc(1, sizeof(*bus));
    int r;

    if (!bus)
        return -ENOMEM;
    r = sd_bus_open_system(&bus->bus);
    if (r < 0)
        return r;
    r = sd_bus_set_method_call_timeout(bus->bus, CALL_TIMEOUT_USEC);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(bus->bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        return r;
    *ret = STEAL(bus);
    return 0;
}

struct peer_bus *peer_bus_free(struct peer_bus *bus)
{
    if (!bus)
        return NULL;
    sd_bus_slot_unref(bus->slot);
    if (bus->bus)
        sd_bus_detach_event(bus->bus);
    sd_bus_close_unref(bus->bus);
    free(bus);
    return NULL;
}

int peer_bus_prepare(struct peer_bus *bus, const char *name, const char *path,
        const char *interface, const char *member, sd_bus_message **ret)
{
    return sd_bus_message_new_method_call(bus->bus, ret, name, path, interface, member);
}

static int read_error(const sd_bus_error *error)
{
    if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        return -ENXIO;
    if (sd_bus_error_has_name(error, "org.freedesktop.NetworkManager.UnknownDevice"))
        return -ENODEV;
    return -sd_bus_error_get_errno(error) ?: -EIO;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct peer_bus *bus = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);

    /* The next call may be sent, and the conversation freed, from the callback. */
    if (error)
        bus->reply(read_error(error), error->message ?: error->name, NULL, bus->userdata);
    else
        bus->reply(0, NULL, m, bus->userdata);
    return 0;
}

int peer_bus_send(
        struct peer_bus *bus, sd_bus_message *message, peer_reply_fn reply, void *userdata)
{
    bus->slot = sd_bus_slot_unref(bus->slot);
    bus->reply = reply;
    bus->userdata = userdata;
    return sd_bus_call_async(bus->bus, &bus->slot, message, on_reply, bus, 0);
}
