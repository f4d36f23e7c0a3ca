/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How often this boot has tried. One process is one try, so the count lives under
 * $RUNTIME_DIRECTORY, which the unit preserves across restarts; without it every try is the first.
 */

#include <stdbool.h>

struct tries {
    char *path; /* NULL: nowhere to keep it */
    char *last_reason;
    unsigned number;
};

/* Reads what the last try left, and counts this one. */
int tries_begin(const char *runtime_directory, struct tries *ret);

/* Keeps the reason of this try's failure. Returns whether it is another one than last time. */
bool tries_failed(struct tries *tries, const char *reason);

void tries_done(struct tries *tries);
