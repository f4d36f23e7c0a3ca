/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where somebody has to be to set the first password: on the hotspot, whose own password he knows,
 * at the wire, or on the device itself. The home network is not enough: anybody may be on it.
 */

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>

bool place_is_loopback(const char *address);

/* Who somebody is, as far as his numeric address tells: of its /64 of IPv6 anybody may have as many
 * as he likes. What is no address is all one. */
struct in6_addr place_network(const char *address);

/*
 * What he has connected to: `local` is the device's address, `status` is user-network's (NULL: it
 * doesn't say). "loopback", "hotspot", "wire", or NULL: the Wi-Fi, or nobody knows.
 */
const char *place_of(const char *local, const json_t *status);
