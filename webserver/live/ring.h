/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The last events, as browsers are sent them (text/event-stream, WHATWG HTML 9.2): one text for all
 * who want it. Each browser has a place in the ring; who is overtaken by its end has missed
 * something.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util.h"

/* Whichever comes first; an event is at most a line of the bus. */
#define RING_ENTRIES_MAX 256
#define RING_BYTES_MAX (256 * 1024)

/* Of an event, "SEQ-N-PROCESS": the N-th of this process's own after the bus's SEQ, which outlives
 * a restart of both. What another process has seen and the bus doesn't keep is gone. */
struct event_id {
    uint64_t seq;
    uint32_t n;
    uint32_t process;
};
#define EVENT_ID_SIZE 48

int event_id_parse(const char *text, struct event_id *ret);
void event_id_format(const struct event_id *id, char ret[static EVENT_ID_SIZE]);

struct ring_entry {
    struct event_id id;
    unsigned scope; /* who may see it */
    char *text;
    size_t size;
};

struct ring;

/* `process` tells it from those of earlier ones. NULL: no memory. */
struct ring *ring_new(uint32_t process);

/* Accepts NULL; returns NULL. */
struct ring *ring_free(struct ring *ring);

DEFINE_CLEANUP(struct ring *, ring_free);

/*
 * An event of the bus with its number, or (`seq` 0) one of this process's own. `data` is borrowed,
 * and may be NULL. 0, -EMSGSIZE: larger than all that is kept, or another negative errno.
 */
int ring_add(struct ring *ring, const char *topic, json_t *data, uint64_t seq, unsigned scope);

/* Of the last event. */
struct event_id ring_last(const struct ring *ring);

/* Places: that of the next event to come; that of the first one after `id`, and whether something
 * may be missing between them. */
uint64_t ring_end(const struct ring *ring);
uint64_t ring_after(const struct ring *ring, const struct event_id *id, bool *ret_gap);

/* The event at a place before the end; NULL: it is gone. */
const struct ring_entry *ring_get(const struct ring *ring, uint64_t place);

/* What is sent for an event: the caller's. `id` NULL: without one, which a browser doesn't count.
 * 0, -ENOMEM, or -EINVAL: `data` is no JSON. */
int ring_format(const struct event_id *id, const char *topic, json_t *data, char **ret_text,
        size_t *ret_size);
