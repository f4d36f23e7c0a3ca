/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Does what lifecycle.c decided. One action at a time; each ends in a look at what has become of
 * it.
 */

#include "network-act.h"

#include <stdio.h>
#include <string.h>

#include "network-hotspot.h"
#include "network-scan.h"
#include "network-verdict.h"
#include "preflight.h"
#include "unbox/log.h"
#include "unbox/messages.h"

static void hotspot_failed(struct network *network, const char *why)
{
    char name[SSID_DISPLAY_MAX];

    network->opening = false;
    life_hotspot_failed(&network->life, network_now(network));
    if (network->hotspot_problem && strcmp(network->hotspot_problem, why) == 0)
        return;
    free(network->hotspot_problem);
    network->hotspot_problem = strdup(why);
    ssid_display(&network->hotspot_ssid, name);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_HOTSPOT_FAILED,
            UNBOX_FIELDS("UNBOX_SSID", name, "UNBOX_INTERFACE", network->wifi_interface),
            "hotspot %s could not be opened on %s: %s", name, network->wifi_interface, why);
}

void network_hotspot_failed(struct network *network, unsigned reason)
{
    char why[64];

    if (!network->opening)
        return;
    snprintf(why, sizeof(why), "NetworkManager's reason %u", reason);
    hotspot_failed(network, network->dns_port_taken ? "port 53 is taken" : why);
}

static void on_acted(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    network->busy = false;
    if (error < 0 && error != -ENOENT && error != -ENOTCONN)
        unbox_log_errno(LOG_WARNING, error, "NetworkManager refuses (%s)", message ?: "no reason");
    network_look(network);
}

static void on_hotspot_started(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    network->busy = false;
    if (error < 0)
        hotspot_failed(network, message ?: strerror(-error));
    network_look(network);
}

void network_profile_made(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    network->busy = false;
    if (error < 0)
        unbox_log_errno(LOG_ERR, error, "the saved network can't be given to NetworkManager (%s)",
                message ?: "no reason");
    saved_tidy(network->saved);
    network_look(network);
}

static void make_profile(struct network *network)
{
    int r;

    r = saved_apply(network->saved, network_profile_made, network);
    if (r < 0)
        network_profile_made(r, "netplan can't be run", network);
}

static void open_hotspot(struct network *network)
{
    const struct hotspot_air air = hotspot_air_choose(&network->air, network->hotspot.band,
            network->hotspot.channel, network->life.hotspot_failures);

    /* NetworkManager tries again and again, and has given no reason so far. */
    if (network->radio.state == NM_RADIO_ASSOCIATING)
        network_saved_failed(network, 0);
    /* Now, while our own dnsmasq isn't there: afterwards it would be the one that is found. */
    network->dns_port_taken = preflight_dns_port_taken(network->paths->sockets);
    network->opening = true;
    network->hotspot_stale = false;
    network->hotspot_outdated = false;
    nm_open_hotspot(network->nm, &network->hotspot, &air, on_hotspot_started, network);
}

/* What can't be joined mustn't keep the device from the next: they take turns. */
static void connect_saved(struct network *network)
{
    const struct wifi_network *next = network_next_saved(network, network_now(network));
    const char *file = next ? saved_profile_file(network->saved, &next->ssid) : NULL;

    if (!file) {
        on_acted(-ENOENT, NULL, network);
        return;
    }
    network->tried = next->ssid;
    nm_activate_file(network->nm, file, on_acted, network);
}

void network_act(struct network *network, enum life_action action)
{
    if (action == LIFE_REST)
        return;
    if (action == LIFE_SCAN) {
        network_scan_begin(network, network_now(network));
        network_look(network);
        return;
    }
    if (action == LIFE_END_REQUEST) {
        network_end_request(network);
        return;
    }
    network->busy = true;
    switch (action) {
    case LIFE_SWITCH_ON:
    case LIFE_SWITCH_OFF:
        nm_switch_radio(network->nm, action == LIFE_SWITCH_ON, on_acted, network);
        break;
    case LIFE_OPEN_HOTSPOT:
        open_hotspot(network);
        break;
    case LIFE_CLOSE_HOTSPOT:
        nm_disconnect_radio(network->nm, on_acted, network);
        break;
    case LIFE_MAKE_PROFILE:
        make_profile(network);
        break;
    case LIFE_CONNECT:
        connect_saved(network);
        break;
    case LIFE_DROP_TRIAL:
        nm_delete_profile(network->nm, NM_JOIN_UUID, on_acted, network);
        break;
    default:
        network->busy = false;
    }
}
