/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bus of events. What is kept is an entry in the journal, too, with the fields
 *   UNBOX_TOPIC, UNBOX_SEQ, UNBOX_DATA (JSON), UNBOX_KEPT=1, and
 *   UNBOX_PREVIOUS_SEQ, the number of the kept event before: so a hole in the journal is seen.
 * The last of them are in memory besides: the journal has an event only some time after it was sent
 * there, and most who ask want what happened in the last few seconds.
 */

#include <jansson.h>
#include <systemd/sd-event.h>

#include "unbox/ipc.h"
#include "util.h"

struct bus;

/* Asks the journal for the last number given. 0 or a negative errno. */
int bus_new(sd_event *event, struct bus **ret);

/* After the server. Accepts NULL; returns NULL. */
struct bus *bus_free(struct bus *bus);

DEFINE_CLEANUP(struct bus *, bus_free);

/* For the server's options. */
uint64_t bus_last_seq(const struct bus *bus);

/* From now on there are subscribers; NULL: not any more. Borrowed. */
void bus_set_server(struct bus *bus, struct unbox_ipc_server *server);

/* To whoever has subscribed now; `data` is taken over. As unbox_ipc_server_publish(). */
int bus_publish(struct bus *bus, const char *topic, json_t *data, uint64_t *ret_seq);

/* How the entry of a kept event is to look. */
struct bus_entry {
    int priority;
    const char *message_id;
    const char *const *fields; /* as for unbox_log_event(); at most three, may be NULL */
    const char *message;
};

/* Bytes of a kept event's data, as JSON: with topic and number it fits into a line, and into a
 * field of the journal. */
#define BUS_KEPT_MAX (UNBOX_IPC_LINE_MAX - 256)

/* The same for one that is kept; -EMSGSIZE: over BUS_KEPT_MAX. `bus` may be NULL: then there is an
 * entry all the same. */
int bus_publish_kept(struct bus *bus, const char *topic, json_t *data,
        const struct bus_entry *entry, uint64_t *ret_seq);

/* Whether another service may have an event kept: 50 in 10 s for all of them together, or journald
 * would begin to throw away what healthd has to say. Counts the call. */
bool bus_may_keep(struct bus *bus);

/* For the server's history. */
void bus_replay_begin(struct bus *bus, struct unbox_ipc_replay *replay, uint64_t since);
void bus_replay_cancel(struct bus *bus, struct unbox_ipc_replay *replay);
