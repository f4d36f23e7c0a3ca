/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers as Prometheus reads them (text format 0.0.4). */

#include <jansson.h>
#include <stdint.h>

#include "util.h"

/* What is known. What is NULL is left out. */
struct metrics {
    json_t *usage;  /* healthd's get_metrics; borrowed */
    json_t *health; /* healthd's get_health, name → state; borrowed */
    uint64_t age_usec;
    bool up; /* healthd answers */
    unsigned connections;
    unsigned streams;
};

/* The whole text: the caller's. 0 or a negative errno. */
int metrics_format(const struct metrics *metrics, char **ret, size_t *ret_size);
