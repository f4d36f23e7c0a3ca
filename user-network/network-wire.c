/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Joins the change of the wire, and the names that others find the device by, to the rest. */

#include "network-wire.h"

/* As long as somebody may read how many seconds are left. */
#define COUNT_USEC (5 * USEC_PER_SEC)

static void on_changed(void *userdata)
{
    network_look(userdata);
}

static void on_port(unsigned port, void *userdata)
{
    struct network *network = userdata;

    network->port = port;
    network_look(network);
}

/* NetworkManager tells of it too, but it may be away; the name is then in /etc/hostname. */
static int on_hostname(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    network_look(userdata);
    return 0;
}

int network_wire_new(struct network *network, sd_event *event)
{
    const struct wired_options wired = {
            .event = event,
            .paths = network->paths,
            .interface = network->wired_interface,
            .nm = network->nm,
            .confirm_usec = WIRED_CONFIRM_USEC,
            .changed = on_changed,
            .userdata = network,
    };
    int r;

    r = wired_new(&wired, &network->wired);
    if (r >= 0)
        r = announce_new(network->bus, on_changed, network, &network->announce);
    if (r >= 0)
        r = page_port_new(network->bus, on_port, network, &network->page_port);
    if (r >= 0)
        r = sd_bus_match_signal_async(network->bus, &network->hostname_slot,
                "org.freedesktop.hostname1", "/org/freedesktop/hostname1",
                "org.freedesktop.DBus.Properties", "PropertiesChanged", on_hostname, NULL, network);
    return r < 0 ? r : 0;
}

void network_wire_free(struct network *network)
{
    wired_free(network->wired);
    announce_free(network->announce);
    page_port_free(network->page_port);
    sd_bus_slot_unref(network->hostname_slot);
}

uint64_t network_wire_look(struct network *network, uint64_t now_usec)
{
    wired_look(network->wired, network->busy || join_running(network->join));
    announce_set(network->announce, network->hostname, network->port);
    return wired_running(network->wired) ? now_usec + COUNT_USEC : 0;
}

int network_set_wire(struct network *network, const struct wired_settings *settings)
{
    if (network->busy || join_running(network->join) || saved_busy(network->saved))
        return -EBUSY;
    return wired_set(network->wired, settings);
}

json_t *network_wire_to_json(struct network *network)
{
    json_t *wired = wired_to_json(network->wired);

    if (!wired)
        return NULL;
    (void)json_object_set_new(wired, "interface", json_string(network->wired_interface));
    (void)json_object_set_new(wired, "carrier", json_boolean(network->wire.carrier));
    (void)json_object_set_new(wired, "address",
            *network->wire.address ? json_string(network->wire.address) : json_null());
    return wired;
}
