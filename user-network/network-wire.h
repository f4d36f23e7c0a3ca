/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the device is on the wire and in the local network: its part of the network as a whole. */

#include "network.h"

/* Makes what belongs to it. 0 or a negative errno; network_wire_free() either way. */
int network_wire_new(struct network *network, sd_event *event);
void network_wire_free(struct network *network);

/* Part of each look; returns when it has to be looked at again, 0 for never. */
uint64_t network_wire_look(struct network *network, uint64_t now_usec);

/* NULL: DHCP. 0, -EBUSY, or what wired_set() says. */
int network_set_wire(struct network *network, const struct wired_settings *settings);

/* The wire as the page is told of it, or NULL: {"interface", "carrier", "address"} and what
 * wired_to_json() adds. */
json_t *network_wire_to_json(struct network *network);
