/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Points in time as they are shown to others: RFC 3339, UTC. */

#include <stdint.h>

#define TIMESTAMP_SIZE sizeof("2026-01-01T00:00:00Z")

/* The wall clock, in µs since 1970. */
uint64_t timestamp_now(void);

void timestamp_format(uint64_t usec, char ret[static TIMESTAMP_SIZE]);

/* The same way back. 0, or -EINVAL for anything else. */
int timestamp_parse(const char *text, uint64_t *ret);
