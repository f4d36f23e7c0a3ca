/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the clock can be believed: healthd's sandbox keeps it from asking the kernel, so it asks
 * timedated. */

#include <stdint.h>
#include <systemd/sd-bus.h>

enum timedate_synchronised {
    TIMEDATE_UNKNOWN,
    TIMEDATE_NO,
    TIMEDATE_YES,
};

typedef void (*timedate_fn)(enum timedate_synchronised synchronised, void *userdata);

/* Calls `answer` exactly once: later, or, when there is nobody to ask, at once. `bus` may be NULL.
 */
void timedate_ask(sd_bus *bus, timedate_fn answer, void *userdata);
