/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The time of day of a device that may have no battery for it. What the bench, or a clock that is
 * synchronised, once said is kept on the disk as a floor: no later boot begins before it.
 */

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Moments outside of these are nonsense: 2020 and 2200. */
#define CLOCK_MIN 1577836800LL
#define CLOCK_MAX 7258118400LL

/* The machine's clock; tests have their own. */
struct clock_ops {
    time_t (*now)(void);
    int (*set)(time_t moment); /* 0 or a negative errno */
};

extern const struct clock_ops clock_real;

/*
 * Raises the clock to `moment` when it is behind; never lowers it. Returns 1 when it was
 * raised, 0 when it needn't be, or a negative errno.
 */
int clock_raise(const struct clock_ops *ops, int64_t moment);

/* The later of the clock and `moment`: what dates are checked against. */
time_t clock_now(const struct clock_ops *ops, int64_t moment);

/* Whether the kernel says that somebody keeps the clock right (NTP). */
bool clock_synchronised(void);

/* The floor that is kept in `directory`. -ENOENT when there is none, or what is there is none. */
int clock_floor_read(const char *directory, int64_t *ret);

/*
 * Raises the floor to `moment`; never lowers it, and leaves it where that would gain less than an
 * hour, since flash wears out. Returns 1 when it was raised, 0 when not, or a negative errno.
 */
int clock_floor_raise(const char *directory, int64_t moment);
