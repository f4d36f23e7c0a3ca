/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * /api/v1, and /health. What the page does, a script can do too. Nothing is decided here: each
 * request becomes a question to the daemon whose business it is.
 */

#include "http-server.h"
#include "peer.h"

/* What every handler gets as its userdata. */
struct api {
    struct peer *network; /* user-network */
    struct peer *health;  /* healthd */
};

extern const struct http_route api_routes[];

/* Bodies are a few names and a password. */
#define API_BODY_MAX 4096

/* api-network.c */
int api_network_status(struct http_request *request, void *userdata);
int api_network_list(struct http_request *request, void *userdata);
int api_network_scan(struct http_request *request, void *userdata);
int api_network_connect(struct http_request *request, void *userdata);
int api_network_forget(struct http_request *request, void *userdata);
int api_network_radio(struct http_request *request, void *userdata);

/* api-system.c */
int api_alive(struct http_request *request, void *userdata);
int api_health_status(struct http_request *request, void *userdata);
int api_health_restart(struct http_request *request, void *userdata);
int api_system_status(struct http_request *request, void *userdata);
int api_system_factory_reset(struct http_request *request, void *userdata);

/*
 * The body, checked against a format of json_unpack() ("{s:s!}"), whose values are left in the
 * variables that follow, borrowed from *ret. On failure it has answered and returns -EBADMSG: then
 * the handler returns 0.
 */
int api_body(struct http_request *request, json_t **ret, const char *format, ...);

/* One line in the journal: who wants what. */
void api_log_change(const struct http_request *request, const char *what);
