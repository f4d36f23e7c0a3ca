/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a unit uses: memory, processor and tasks as systemd counts them, and whether that is more
 * than it should. Pure: it is told the numbers and the time.
 */

#include <stdbool.h>
#include <stdint.h>

#define USAGE_UNKNOWN UINT64_MAX

enum usage_kind {
    USAGE_MEMORY, /* bytes */
    USAGE_CPU,    /* percent of one processor */
    USAGE_TASKS,
    USAGE_KINDS,
};

/* As systemd tells them; USAGE_UNKNOWN where it doesn't. */
struct usage_sample {
    uint64_t memory;   /* bytes */
    uint64_t cpu_nsec; /* since the unit started */
    uint64_t tasks;
};

struct usage {
    struct usage_sample last;
    /* The processor's share is that since here, a second ago or more. */
    uint64_t base_nsec;
    uint64_t base_usec; /* 0: there is none yet */
    double cpu_percent; /* below 0: unknown */
    bool over[USAGE_KINDS];
};

/* What is worth a warning; 0: nothing is. */
struct usage_limits {
    uint64_t of[USAGE_KINDS];
};

/* Nothing is known: of a new unit, or one that doesn't run. What it was over is kept. */
void usage_forget(struct usage *usage);

/* `now` is in µs of a clock that never goes back, and not 0. */
void usage_take(struct usage *usage, const struct usage_sample *sample, uint64_t now);

/* The number that the limit is about; USAGE_UNKNOWN. */
uint64_t usage_value(const struct usage *usage, enum usage_kind kind);

/*
 * Whether that kind is over its limit has changed: it is when it reaches the limit, and isn't any
 * more when it is a tenth below, so that a unit at its limit isn't told of all day. What is unknown
 * changes nothing; without a limit nothing is over.
 */
bool usage_judge(struct usage *usage, const struct usage_limits *limits, enum usage_kind kind);
