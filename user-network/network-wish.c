/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the customer can have done: each is begun here, unless something else is under way. */

#include <string.h>

#include "network-act.h"
#include "network-hotspot.h"
#include "network-scan.h"
#include "network-verdict.h"
#include "network.h"
#include "unbox/store.h"

bool network_changing(const struct network *network)
{
    return network->busy || join_running(network->join) || saved_busy(network->saved) ||
           wired_running(network->wired);
}

int network_join(struct network *network, const struct wifi_network *wanted)
{
    int r;

    if (network->busy || wired_running(network->wired))
        return -EBUSY;
    if (!network->radio_wanted || !nm_running(network->nm) ||
            network->radio.state < NM_RADIO_IDLE) {
        network_refuse_join(network, &wanted->ssid);
        return -ENOTCONN;
    }
    r = join_start(network->join, wanted);
    if (r >= 0)
        network_look(network);
    return r;
}

static void forget_verdict(struct network *network)
{
    verdict_clear(&network->verdict);
    verdict_clear(&network->verdict_before);
    (void)unbox_store_remove(network->paths->verdict);
}

int network_forget(struct network *network, const struct ssid *ssid)
{
    int r;

    if (network_changing(network))
        return -EBUSY;
    network->busy = true;
    r = saved_forget(network->saved, ssid, network_profile_made, network);
    if (r < 0) {
        network->busy = false;
        return r;
    }
    if (!ssid || ssid_equal(ssid, &network->verdict.ssid))
        forget_verdict(network);
    life_restart(&network->life);
    network_look(network);
    return 0;
}

static void note(int *first, int r)
{
    if (r < 0 && *first == 0)
        *first = r;
}

int network_reset(struct network *network)
{
    int first = 0;

    if (network_changing(network))
        return -EBUSY;
    if (!nm_running(network->nm))
        return -ENOTCONN;
    network_end_request(network);
    note(&first, network_set_country(network, ""));
    note(&first, network_switch_radio(network, true));
    if (saved_first(network->saved))
        note(&first, network_forget(network, NULL));
    else
        forget_verdict(network);
    /* That begins when netplan is free. */
    if (wired_is_fixed(network->wired))
        note(&first, wired_set(network->wired, NULL));
    return first;
}

int network_set_priority(struct network *network, const struct ssid *ssid, int priority)
{
    int r;

    if (network_changing(network))
        return -EBUSY;
    r = saved_set_priority(network->saved, ssid, priority, network_profile_made, network);
    if (r < 0)
        return r;
    network->busy = true;
    network_look(network);
    return 0;
}

int network_switch_radio(struct network *network, bool on)
{
    int r;

    if (join_running(network->join))
        return -EBUSY;
    r = on ? unbox_store_remove(network->paths->radio_off)
           : unbox_store_flag(network->paths->radio_off, 0600);
    if (r < 0)
        return r;
    network->radio_wanted = on;
    life_restart(&network->life);
    network_look(network);
    return 0;
}

int network_scan(struct network *network)
{
    if (!nm_running(network->nm) || network->radio.state < NM_RADIO_IDLE)
        return -ENOTCONN;
    network_scan_begin(network, network_now(network));
    network_look(network);
    return 0;
}
