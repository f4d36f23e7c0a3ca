/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * When one check runs, and what its results come to. A pure state machine: it is told the time, and
 * knows neither clocks nor what is checked.
 *
 * Starts lie on multiples of the interval, so that all checks with one interval share a wake-up,
 * and longer intervals that are multiples of it too. The first start is at once. One that has not
 * answered after the limit has failed, and the next one starts when it would have.
 */

#include <stdbool.h>
#include <stdint.h>

#define CHECK_LIMIT_USEC 5000000ULL

enum check_state {
    CHECK_UNKNOWN, /* it can't be told, or there is nothing to tell */
    CHECK_OK,
    CHECK_FAILING,
};

enum check_step {
    CHECK_WAIT,
    CHECK_START,
    CHECK_TIMED_OUT,
};

/* What a result means; a set of bits. */
enum check_result {
    CHECK_CHANGED = 1 << 0, /* of state; the first result always is */
    CHECK_HEAL = 1 << 1,    /* it has failed so often that the service is to be restarted */
};

/* All zero but the first two is a check that never ran. Times are in µs of one clock. */
struct check_plan {
    uint64_t interval;
    unsigned heal_after; /* failures in succession; 0: it heals nothing */
    uint64_t due;
    uint64_t started;
    bool running;
    bool known; /* there was a result */
    enum check_state state;
    unsigned failures; /* in succession, since the last CHECK_HEAL */
};

/* When check_plan_step() has something to say. */
uint64_t check_plan_wake(const struct check_plan *plan);

/* After CHECK_START it is running until check_plan_result(), which CHECK_TIMED_OUT asks for. */
enum check_step check_plan_step(struct check_plan *plan, uint64_t now);

/* Ends the run with what it found. Returns enum check_result bits. */
unsigned check_plan_result(struct check_plan *plan, uint64_t now, enum check_state state);
