/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Rounds of scanning; see network-scan.c. */

#include "network.h"

/* Adds to network->air what NetworkManager sees, but never our own hotspot. */
void network_look_air(struct network *network);

/* Begins a round, unless one goes on. */
void network_scan_begin(struct network *network, uint64_t now_usec);

/* Takes in what was seen, and ends the round when it is over. Returns when to look again; 0: no
 * need. */
uint64_t network_scan_look(struct network *network, uint64_t now_usec);

/* The saved network to try next: of those seen within the last minute, by priority, and the one
 * behind the last that was tried. NULL when none is in sight. */
const struct wifi_network *network_next_saved(const struct network *network, uint64_t now_usec);
