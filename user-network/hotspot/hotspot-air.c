/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chooses the hotspot's channel. */

#include "hotspot-air.h"

#define CHANNEL_TRIES 1
#define BAND_TRIES 3

/* Every radio has it, and may be heard in it anywhere. */
#define BAND_OF_ALL "bg"

struct hotspot_air hotspot_air_choose(
        const struct scan_list *list, const char *band, unsigned channel, unsigned failures)
{
    unsigned skip = failures;

    if (channel && failures < CHANNEL_TRIES)
        return (struct hotspot_air){.band = band, .channel = channel};
    if (channel)
        skip -= CHANNEL_TRIES;
    if (failures >= BAND_TRIES)
        band = BAND_OF_ALL;
    /* What failed on one channel may be allowed on the next. */
    return (struct hotspot_air){.band = band, .channel = scan_list_quiet_channel(list, band, skip)};
}
