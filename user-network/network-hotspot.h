/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The hotspot's settings on this device, and the hotspot on request. */

#include "network.h"

/* Works out name and password anew, for the hostname or the identity may have changed. Returns
 * whether they are others than before. */
bool network_make_hotspot(struct network *network);

/*
 * Opens the hotspot whatever else there is, with nothing forgotten, until it is closed, a join has
 * succeeded, or nobody has been on it for a while; or closes it. 0; -EBUSY during a join; -ENOTCONN
 * without a usable radio; -EOPNOTSUPP with one that can't be an access point; -EADDRINUSE when the
 * wire is in the hotspot's network; -EPERM when the hotspot is the only way to the device; or
 * another negative errno.
 */
int network_request_hotspot(struct network *network, bool open);

/* Whether the wire is in the hotspot's network: both at once would cut the wire off. */
bool network_hotspot_address_taken(const struct network *network);

/* The request has served its turn. */
void network_end_request(struct network *network);

/* Has a radio that was plugged in obey the country. */
void network_follow_radio(struct network *network);

/* Looks for what is in the way, and tells the journal of what is new or gone. */
void network_find_problems(struct network *network);

/* "" takes the customer's word back. 0, -EINVAL, or another negative errno. */
int network_set_country(struct network *network, const char *code);
