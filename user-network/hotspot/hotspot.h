/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What belongs to the hotspot besides its profile: its address, and the names that it resolves. */

#include "paths.h"

#define HOTSPOT_ADDRESS "10.42.0.1"
#define HOTSPOT_NETWORK HOTSPOT_ADDRESS "/24"
#define HOTSPOT_PREFIX "10.42.0."

/*
 * Has NetworkManager's dnsmasq answer for the hostname, from the next time that the hotspot opens;
 * with `captive` for every other name too, so that phones find the page by themselves. Returns 1
 * when the answers are others than before, 0 when not, -EINVAL for one that is no hostname,
 * or another negative errno.
 */
int hotspot_write_names(const struct paths *paths, const char *hostname, bool captive);
