/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two questions to NetworkManager: which of its devices is the interface, and is it managed. */

#include "nm-managed.h"

#include <stdio.h>
#include <string.h>

#define NAME "org.freedesktop.NetworkManager"
#define PATH "/org/freedesktop/NetworkManager"

struct nm_managed {
    struct peer_bus *bus;
    char *interface;
    nm_managed_fn done;
    void *userdata;
};

static void complain(struct nm_managed *ask, const char *what)
{
    char text[256];

    snprintf(text, sizeof(text), "NetworkManager %s %s", what, ask->interface);
    ask->done(text, ask->userdata);
}

static void on_managed(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    struct nm_managed *ask = userdata;
    int managed;

    if (error < 0 || sd_bus_message_read(reply, "v", "b", &managed) < 0)
        complain(ask, "does not say whether it manages");
    else if (managed)
        complain(ask, "manages");
    else
        ask->done(NULL, ask->userdata);
}

static int ask_managed(struct nm_managed *ask, const char *device)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = peer_bus_prepare(ask->bus, NAME, device, "org.freedesktop.DBus.Properties", "Get", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", NAME ".Device", "Managed");
    return r < 0 ? r : peer_bus_send(ask->bus, m, on_managed, ask);
}

static void on_device(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    struct nm_managed *ask = userdata;
    const char *device;

    /* It doesn't run, or has never heard of that interface. */
    if (error == -ENXIO || error == -ENODEV) {
        ask->done(NULL, ask->userdata);
        return;
    }
    if (error < 0 || sd_bus_message_read_basic(reply, 'o', &device) < 0 ||
            ask_managed(ask, device) < 0)
        complain(ask, "does not say whether it manages");
}

int nm_managed_ask(sd_event *event, const char *interface, nm_managed_fn done, void *userdata,
        struct nm_managed **ret)
{
    _cleanup_(nm_managed_free_p) struct nm_managed *ask = calloc(1, sizeof(*ask));
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!ask)
        return -ENOMEM;
    ask->done = done;
    ask->userdata = userdata;
    ask->interface = strdup(interface);
    if (!ask->interface)
        return -ENOMEM;
    r = peer_bus_new(event, &ask->bus);
    if (r >= 0)
        r = peer_bus_prepare(ask->bus, NAME, PATH, NAME, "GetDeviceByIpIface", &m);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, false);
    if (r >= 0)
        r = sd_bus_message_append(m, "s", interface);
    if (r >= 0)
        r = peer_bus_send(ask->bus, m, on_device, ask);
    if (r < 0)
        return r;
    *ret = STEAL(ask);
    return 0;
}

struct nm_managed *nm_managed_free(struct nm_managed *ask)
{
    if (!ask)
        return NULL;
    peer_bus_free(ask->bus);
    free(ask->interface);
    free(ask);
    return NULL;
}
