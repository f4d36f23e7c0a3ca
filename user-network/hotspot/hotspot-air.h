/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where in the air the hotspot opens. A channel or a band that the configuration wants may not be
 * one that this radio may use in this country; rather than no hotspot there is then one elsewhere.
 */

#include "scan-list.h"

struct hotspot_air {
    const char *band; /* "bg" or "a"; borrowed */
    unsigned channel;
};

/*
 * `band` and `channel` (0: the quietest) are as configured, `failures` is how often in a row the
 * hotspot hasn't opened: the channel is tried once, the band three times.
 */
struct hotspot_air hotspot_air_choose(
        const struct scan_list *list, const char *band, unsigned channel, unsigned failures);
