/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the rest of the device is told as it happens: over healthd's bus, and to whoever subscribes
 * at our own socket, who waits for the end of a join and should not need healthd for it. Who missed
 * something asks for `status`, which says the same.
 */

#include <jansson.h>
#include <stdbool.h>

#include "unbox/service.h"
#include "util.h"

#define TELL_CHANGED "network.changed"
#define TELL_JOIN "network.join"
#define TELL_SCAN "network.scan"

/* For unbox_service_options and unbox_ipc_server_options. */
extern const struct unbox_ipc_topic tell_topics[];

struct tell;

int tell_new(struct tell **ret);

/* Accepts NULL; returns NULL. */
struct tell *tell_free(struct tell *tell);

/* Where to; borrowed, and may be NULL. */
void tell_attach(struct tell *tell, struct unbox_ipc_client *bus, struct unbox_ipc_server *server);

/* healthd is back, and knows nothing: whatever is the case is news. */
void tell_forget(struct tell *tell);

/*
 * How it is now: `status` is status_to_json()'s, taken over. What counts or trembles in it is no
 * change.
 */
void tell_status(struct tell *tell, json_t *status);

/* A step of a join, and its end: `join` is join_to_json()'s, `verdict` verdict_to_json()'s; both
 * are taken over, and may be NULL. */
void tell_join(struct tell *tell, json_t *join);
void tell_verdict(struct tell *tell, json_t *verdict);

/* Whether it is looking for networks now, and how many it knows. */
void tell_scan(struct tell *tell, bool scanning, size_t networks);

DEFINE_CLEANUP(struct tell *, tell_free);
