/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a unit said, from the journal: bounded in entries, in bytes and in time, and read piece by
 * piece from the event loop, because a journal on a worn card answers slowly.
 */

#include <jansson.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "util.h"

#define LOGS_LINES_MAX 200
/* Of the entries as JSON: an answer has to fit into one line of the IPC. */
#define LOGS_BYTES_MAX (56 * 1024)

struct logs_query {
    const char *unit;    /* its full name; copied */
    unsigned lines;      /* the newest so many */
    size_t bytes;        /* of the entries as JSON, at most */
    uint64_t since_usec; /* wall clock; 0: as old as there are */
    int priority;        /* of syslog.h: this one and what is more urgent */
};

/*
 * `entries` (the oldest first, taken over by the callee) is NULL and `error` a negative errno when
 * there is no journal to be read. `complete`: nothing was left out for its size or for the time.
 */
typedef void (*logs_done_fn)(int error, json_t *entries, bool complete, void *userdata);

struct logs;

/*
 * Begins to read: calls `done` exactly once from the event loop, unless it returns a negative errno
 * or the reading is ended by logs_free().
 */
int logs_read(sd_event *event, const struct logs_query *query, logs_done_fn done, void *userdata,
        struct logs **ret);

/* After done() it is gone already. Accepts NULL; returns NULL. */
struct logs *logs_free(struct logs *logs);

DEFINE_CLEANUP(struct logs *, logs_free);
