/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is special about the hotspot of this device: its name, why it can't be open, and that it may
 * be asked for. A request outlives a crash of ours, but not a boot: it lies under /run.
 */

#include "network-hotspot.h"

#include <stdio.h>
#include <string.h>

#include "hotspot.h"
#include "preflight.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

bool network_make_hotspot(struct network *network)
{
    const struct hotspot_device device = {
            .serial = network->identity.serial,
            .uuid = network->identity.uuid,
            .hostname = network->hostname,
    };
    struct hotspot_settings before = network->settings;
    const char *complaint;

    hotspot_settings_make(network->config, &device, &network->settings, &complaint);
    (void)ssid_from_bytes(
            network->settings.ssid, strlen(network->settings.ssid), &network->hotspot_ssid);
    /* Before the hostname is known any pattern with it comes out too short. */
    if (*network->hostname && complaint != network->hotspot_complaint) {
        if (complaint)
            unbox_log(LOG_WARNING, "%s", complaint);
        network->hotspot_complaint = complaint;
    }
    return strcmp(before.ssid, network->settings.ssid) != 0 ||
           strcmp(before.password, network->settings.password) != 0;
}

bool network_hotspot_address_taken(const struct network *network)
{
    return strncmp(network->wire.address, HOTSPOT_PREFIX, strlen(HOTSPOT_PREFIX)) == 0;
}

int network_request_hotspot(struct network *network, bool open)
{
    bool other_way = saved_first(network->saved) || network->wire.address[0];
    int r;

    if (join_running(network->join))
        return -EBUSY;
    if (open && (!nm_running(network->nm) || network->radio.state < NM_RADIO_IDLE))
        return -ENOTCONN;
    if (open && !network->radio.can_serve)
        return -EOPNOTSUPP;
    if (open && network_hotspot_address_taken(network))
        return -EADDRINUSE;
    if (!open && !other_way)
        return -EPERM;
    r = open ? unbox_store_flag(network->paths->request, 0600)
             : unbox_store_remove(network->paths->request);
    if (r < 0)
        return r;
    network->hotspot_requested = open;
    network->hotspot_refused = !open && network_on_hotspot(network);
    life_restart(&network->life);
    network_look(network);
    return 0;
}

void network_end_request(struct network *network)
{
    int r;

    if (!network->hotspot_requested)
        return;
    r = unbox_store_remove(network->paths->request);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", network->paths->request);
    network->hotspot_requested = false;
    network->hotspot_refused = network_on_hotspot(network);
    life_restart(&network->life);
    network_look(network);
}

void network_follow_radio(struct network *network)
{
    bool gone = network->radio.state == NM_RADIO_MISSING;
    int r;

    if (!nm_running(network->nm))
        return;
    if (network->radio_was_gone && !gone) {
        r = country_tell(network->country);
        if (r < 0)
            unbox_log_errno(LOG_WARNING, r, "the new radio can't be told of its country");
    }
    network->radio_was_gone = gone;
}

void network_find_problems(struct network *network)
{
    const struct preflight_facts facts = {
            .nm_running = nm_running(network->nm),
            .radio = network->radio.state,
            .radio_blocked = network->radio.blocked,
            .radio_can_serve = network->radio.can_serve,
            .radio_known = strncmp(network->wifi_interface, "wl", 2) == 0,
            .country_known = *country_code(network->country),
            .country_refused = country_problem(network->country) != NULL,
            .dns_port_taken = network->dns_port_taken,
            .address_taken = network_hotspot_address_taken(network),
    };
    unsigned before = network->problems;

    /* What was wrong before NetworkManager went still is, for all that is known. */
    if (!facts.nm_running)
        return;
    network->problems = preflight(&facts);
    if (facts.address_taken)
        network_end_request(network);
    for (enum problem problem = 0; problem < _PROBLEMS; problem++) {
        unsigned bit = 1U << problem;

        if (network->problems & ~before & bit)
            /* A product without a country is in order where the kernel's rules are enough. */
            unbox_log_event(problem == PROBLEM_COUNTRY_MISSING ? LOG_NOTICE : LOG_WARNING,
                    UNBOX_MESSAGE_NETWORK_PROBLEM,
                    UNBOX_FIELDS("UNBOX_PROBLEM", problem_name(problem), "UNBOX_INTERFACE",
                            network->wifi_interface),
                    "%s: %s", network->wifi_interface, problem_text(problem));
        else if (before & ~network->problems & bit)
            unbox_log(
                    LOG_NOTICE, "%s: no longer %s", network->wifi_interface, problem_name(problem));
    }
}

int network_set_country(struct network *network, const char *code)
{
    char before[] = "XX";
    int r;

    snprintf(before, sizeof(before), "%s", country_code(network->country));
    r = country_set(network->country, code);
    if (r < 0)
        return r;
    /* The kernel takes away a channel that isn't allowed there, a minute later, and NetworkManager
     * doesn't hear of it. */
    if (strcmp(before, country_code(network->country)) != 0 && network_on_hotspot(network))
        network->hotspot_abroad = true;
    /* There may be other networks on other channels now. */
    network->scanned = false;
    network_look(network);
    return 0;
}
