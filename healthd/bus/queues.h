/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Messages that wait for a consumer who is away. Each is a file, QUEUES_PATH/QUEUE/ID, written
 * before its sender is answered and removed before its consumer is: it is delivered at least once.
 * One that was given out and isn't acknowledged in time is given out again.
 */

#include <jansson.h>
#include <systemd/sd-event.h>

#include "util.h"

#define QUEUES_PATH "/var/lib/unbox/queues"
#define QUEUES_MAX 16
#define QUEUE_MESSAGES 256
#define QUEUE_SIZE (256 * 1024)
#define QUEUE_ACK_USEC (60 * USEC_PER_SEC)
#define QUEUE_WAIT_SEC_MAX 3600

struct queues;

/* Reads what is in the folder `path`, which the first message makes; what can't be used is
 * logged and stays there. 0 or a negative errno. */
int queues_open(sd_event *event, const char *path, struct queues **ret);

/* Who waits is told that nothing came. Accepts NULL; returns NULL. */
struct queues *queues_free(struct queues *queues);

DEFINE_CLEANUP(struct queues *, queues_free);

/* Whether this can be the name of a queue. */
bool queues_name_valid(const char *name);

/* -ENOSPC: full, or a negative errno. `message` is borrowed. */
int queues_send(struct queues *queues, const char *name, json_t *message, uint64_t *ret_id);

/* `delivery` (id, message, attempt) is the receiver's; NULL: nothing came in time. */
typedef void (*queues_receive_fn)(json_t *delivery, void *userdata);

/* Whether the receiver is still there: asked before a message is given to him. */
typedef bool (*queues_there_fn)(void *userdata);

/* Calls `received` exactly once, at once or when something comes. 0 or a negative errno, then
 * never.
 */
int queues_receive(struct queues *queues, const char *name, unsigned wait_sec,
        queues_receive_fn received, queues_there_fn there, void *userdata);

/* -ENOENT: there is no such message, or not any more. */
int queues_ack(struct queues *queues, const char *name, uint64_t id);
