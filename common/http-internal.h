/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the HTTP server share; nobody else includes it. */

#include <microhttpd.h>
#include <netinet/in.h>

#include "http-server.h"

/* A pattern has at most this many names in braces. */
#define HTTP_PARAMS_MAX 4
#define HTTP_HEADERS_MAX 8
/* A refused body of up to this size is read and thrown away, so that the refusal arrives: closing a
 * connection with unread data resets it, and the client may never see why. */
#define HTTP_DRAIN_MAX (256 * 1024)

struct http_param {
    const char *name; /* in the pattern, not terminated */
    size_t name_size;
    char *value;
};

struct http_header {
    char *name;
    char *value;
};

struct http_request {
    struct http_server *server;
    struct http_request *next; /* of those that the server waits for */
    struct http_request *prev;

    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    char peer[INET6_ADDRSTRLEN];

    const struct http_route *route;
    struct http_param params[HTTP_PARAMS_MAX];
    size_t n_params;

    char *body;
    size_t body_size;
    size_t body_allocated;
    size_t body_seen; /* counts what is thrown away too */

    struct http_header headers[HTTP_HEADERS_MAX];
    size_t n_headers;

    bool bad_uri;
    bool begun;     /* its headers have been looked at */
    bool handled;   /* its handler has been called */
    bool suspended; /* waits for a late answer */
    unsigned status;
    struct MHD_Response *response; /* set: it is answered */
};

struct http_request *http_request_new(struct http_server *server, const char *raw_uri);
struct http_request *http_request_free(struct http_request *request);

DEFINE_CLEANUP(struct http_request *, http_request_free);

/* Appends to the body. -E2BIG when it grows over `max`. */
int http_request_append(struct http_request *request, const char *data, size_t size, size_t max);

/* Whether `path` is of the form of `pattern`; fills the request's parameters. 1, 0 or -ENOMEM. */
int http_route_match(const char *pattern, const char *path, struct http_request *request);

/* Whether the request says that it has a body, and of how many bytes (0: it does not say). */
bool http_request_has_body(const struct http_request *request, uint64_t *ret_size);

/* application/json, with or without parameters. `type` may be NULL. */
bool http_type_is_json(const char *type);

/*
 * A JSON object of at most 16 levels, without duplicate names. On failure -EBADMSG, and
 * `ret_reason` goes on from "The body ".
 */
#define HTTP_REASON_MAX 64
int http_parse_json(const char *text, size_t size, json_t **ret, char ret_reason[HTTP_REASON_MAX]);

/* Whether an If-None-Match (RFC 9110, 13.1.2: tags compared weakly, or "*") has this tag. `list`
 * may be NULL. */
bool http_lists_etag(const char *list, const char *etag);

/* Lets the request go on with its answer, now or when it is resumed. */
void http_server_answered(struct http_request *request);

/* What the server adds to every answer: name, value, …, NULL. May be NULL. */
const char *const *http_server_headers(const struct http_server *server);
