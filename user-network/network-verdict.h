/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verdict on the last join, as it is kept, and as it changes afterwards. */

#include "network.h"

/* Makes it, tells the journal, and keeps it on the disk. `detail` (NULL: none) is for the
 * technician. */
void network_set_verdict(struct network *network, enum verdict_code code, const struct ssid *ssid,
        const char *detail);

/* Says why no join can even begin: what keeps the radio from being used. */
void network_refuse_join(struct network *network, const struct ssid *ssid);

/* An activation failed with this NMDeviceStateReason (0: it was given up), and not that of a join:
 * a saved network may have a new password. */
void network_saved_failed(struct network *network, unsigned reason);

/*
 * Changes "joined" to "no internet" when NetworkManager's check has failed for a while, and back;
 * and, when a saved network lets the device in again, back to "joined" or to why another network's
 * join had failed before. When to be called again (CLOCK_BOOTTIME), or 0.
 */
uint64_t network_follow_verdict(struct network *network, uint64_t now_usec);
