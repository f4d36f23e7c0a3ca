/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an operator sees of the register, as JSON. Moments are seconds since 1970. */

#include <jansson.h>
#include <time.h>

#include "database.h"

/* At most so many at a time: an answer over IPC has 64 KiB. */
#define LIST_MAX 100

/* Each makes a new reference in *ret; 0 or a negative errno. */
int list_batches(struct database *database, json_t **ret);

/* Ordered by serial, from the one behind `after`; NULL: from the first; `batch` and `state` NULL:
 * all. */
int list_devices(struct database *database, const char *batch, const char *state, const char *after,
        int64_t limit, time_t now, json_t **ret);

/* The devices that were seen last, the latest first; the columns are those of list_devices(). */
int list_latest(struct database *database, int64_t limit, time_t now, json_t **ret);

/* How many devices got their identity in each of the last `hours` hours (at most 24), the latest
 * last; a line that is faster than LIST_HOURS_MAX devices in that time is not counted to its end.
 */
#define LIST_HOURS_MAX 10000
int list_hours(struct database *database, int hours, time_t now, json_t **ret);

/* Refusals, the last first, before the one with the number `before`; 0: from the last. */
int list_failures(struct database *database, int64_t before, int64_t limit, json_t **ret);

/* The same devices as lines of a CSV (RFC 4180), with a header when `after` is NULL. *ret_next is
 * the `after` of the next call, or NULL behind the last; both are the caller's. */
int list_csv(struct database *database, const char *batch, const char *after, time_t now,
        char **ret_csv, char **ret_next);
