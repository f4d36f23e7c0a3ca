/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What happens on the device, told to browsers as it happens: healthd's bus, subscribed to once
 * when the first browser wants it, and what this process itself changes. Each stream is somebody's
 * who may look, and ends with his login.
 */

#include "http-server.h"
#include "login/auth.h"
#include "util.h"

struct events;

/* How many streams there may be, so that there is room for requests. */
struct events_limits {
    unsigned max; /* over plain HTTP */
    unsigned max_tls;
    unsigned max_per_address; /* of a /64 of IPv6; over both */
};

/* `socket` is healthd's path. 0 or a negative errno. */
int events_new(struct auth *auth, const char *socket, const struct events_limits *limits,
        struct events **ret);

/* The servers of its streams have to be freed before. Accepts NULL; returns NULL. */
struct events *events_free(struct events *events);

DEFINE_CLEANUP(struct events *, events_free);

/* A handler: GET /events. */
int events_respond(struct http_request *request, struct events *events);

/* An event of this process's own; `data` is taken over and may be NULL. */
void events_publish(struct events *events, const char *topic, json_t *data);

/* Somebody's login may have ended: his streams do, too. */
void events_check(struct events *events);

unsigned events_streams(const struct events *events);
