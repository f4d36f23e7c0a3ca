/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The time of day of a device that may have no battery for it. */

#include <stdint.h>
#include <time.h>

/*
 * Raises the clock to `server_time` when it is behind; never lowers it. Returns 1 when it was
 * raised, 0 when it needn't be, or a negative errno.
 */
int clock_raise(int64_t server_time);

/* The later of the clock and `server_time`: what dates are checked against. */
time_t clock_now(int64_t server_time);
