/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the programs of the bench share: a clock, a list of durations, and a printed result. They
 * measure and judge nothing; medians over runs, and tables, are made by the command.
 */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct samples {
    uint64_t *values; /* ns */
    size_t count;
    size_t allocated;
};

/* CLOCK_MONOTONIC, in ns. */
uint64_t now_nsec(void);

/* 0 or -ENOMEM. */
int samples_add(struct samples *samples, uint64_t nsec);

void samples_clear(struct samples *samples);

/* All that this process has computed, in µs. */
double own_cpu_usec(void);

/* {"count":n,"p50":µs,"p99":µs,"max":µs}, sorting the samples; NULL: out of memory. */
json_t *samples_summary(struct samples *samples);

/* Prints `result` (taken over) as a line; returns an exit code. */
int print_result(json_t *result);
