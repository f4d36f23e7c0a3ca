/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A round of scanning: from asking for it to the moment that NetworkManager's last-scan moves. The
 * first scan after the hotspot opened sees nothing but the hotspot, so one that sees nothing is
 * repeated.
 */

#include "network-scan.h"

#include "unbox/log.h"

#define ROUND_USEC (12 * USEC_PER_SEC)

/* Longer than a customer takes to choose while the hotspot keeps the radio from looking around. */
#define KEEP_USEC (900 * USEC_PER_SEC)
/* NetworkManager scans by itself at a start: what it saw a moment ago needn't be asked for again.
 */
#define FRESH_USEC (10 * USEC_PER_SEC)
#define RECENT_USEC (60 * USEC_PER_SEC)

static void on_scan(int error, const char *message, void *userdata)
{
    /* NetworkManager refuses while it is scanning itself, which serves as well. */
    if (error < 0)
        unbox_log(LOG_DEBUG, "NetworkManager doesn't scan now: %s", message ?: "no reason");
}

static void ask(struct network *network, uint64_t now_usec)
{
    const struct wifi_list *saved = saved_networks(network->saved);
    struct ssid hidden[WIFI_LIST_MAX];
    size_t n = 0;

    for (size_t i = 0; i < saved->n_entries; i++)
        if (saved->entries[i].hidden)
            hidden[n++] = saved->entries[i].ssid;
    network->scan_started = now_usec;
    network->scan_before = network->radio.last_scan_msec;
    nm_scan(network->nm, hidden, n, on_scan, NULL);
}

void network_look_air(struct network *network)
{
    const struct ssid own[] = {network->hotspot_ssid, network->hotspot_aired};

    nm_look_air(network->nm, own, ELEMENTSOF(own), &network->air);
}

static bool scanned_since(const struct network *network, uint64_t now_usec, uint64_t span_usec)
{
    return network->radio.last_scan_msec >= 0 &&
           network->radio.last_scan_msec * USEC_PER_MSEC + span_usec >= now_usec;
}

void network_scan_begin(struct network *network, uint64_t now_usec)
{
    /* While it looks around, the radio isn't there for the phones on the hotspot. */
    bool enough = stations_count(network->stations) > 0 && network->scanned &&
                  scanned_since(network, now_usec, FRESH_USEC);

    if (network->scan_started || enough)
        return;
    network->scan_repeated = false;
    ask(network, now_usec);
}

static bool saw_anything(const struct network *network)
{
    for (size_t i = 0; i < network->air.n_entries; i++)
        if (network->air.entries[i].seen_usec + ROUND_USEC >= network->scan_started)
            return true;
    return false;
}

static void forget_the_old(struct network *network, uint64_t now_usec)
{
    if (now_usec > KEEP_USEC)
        scan_list_expire(&network->air, now_usec - KEEP_USEC);
}

uint64_t network_scan_look(struct network *network, uint64_t now_usec)
{
    bool moved = network->radio.last_scan_msec > network->scan_before;

    network_look_air(network);
    if (!network->scan_started) {
        if (network->air.n_entries > 0 && scanned_since(network, now_usec, FRESH_USEC)) {
            network->scanned = true;
            forget_the_old(network, now_usec);
        }
        return 0;
    }
    if (!moved && now_usec < network->scan_started + ROUND_USEC)
        return network->scan_started + ROUND_USEC;
    if (!network->scan_repeated && !saw_anything(network) && nm_running(network->nm)) {
        network->scan_repeated = true;
        ask(network, now_usec);
        return network->scan_started + ROUND_USEC;
    }
    network->scan_started = 0;
    network->scanned = true;
    forget_the_old(network, now_usec);
    return 0;
}

struct sight {
    const struct scan_list *air;
    uint64_t now_usec;
};

static bool in_sight(const struct wifi_network *saved, void *userdata)
{
    const struct sight *sight = userdata;

    return scan_list_seen(sight->air, &saved->ssid, sight->now_usec, RECENT_USEC) != NULL;
}

const struct wifi_network *network_next_saved(const struct network *network, uint64_t now_usec)
{
    struct sight sight = {.air = &network->air, .now_usec = now_usec};

    return wifi_list_next(saved_networks(network->saved),
            network->tried.size > 0 ? &network->tried : NULL, in_sight, &sight);
}
