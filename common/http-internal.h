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
    const char *version;
    uintptr_t uri_begin; /* where the address is as it came: only to be compared */
    size_t uri_size;
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
    bool split_uri; /* has a blank in it */
    bool endless;   /* its answer has no end of its own: it may take as long as it likes */
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

/* Finds its route, or answers it: nothing of its body has been read yet. 0 in both cases, or a
 * negative errno. */
int http_request_check(struct http_request *request, const struct http_server_options *options);

/* Whether a Content-Type is `wanted`, with or without parameters. `type` may be NULL. */
bool http_type_is(const char *type, const char *wanted);

/*
 * A JSON object of at most 16 levels, without duplicate names. On failure -EBADMSG, and
 * `ret_reason` goes on from "The body ".
 */
#define HTTP_REASON_MAX 64
int http_parse_json(const char *text, size_t size, json_t **ret, char ret_reason[HTTP_REASON_MAX]);

/* Whether an If-None-Match (RFC 9110, 13.1.2: tags compared weakly, or "*") has this tag. `list`
 * may be NULL. */
bool http_lists_etag(const char *list, const char *etag);

/* Numeric, and plainly IPv4 where a socket that listens on both has mapped it. 0 or -EAFNOSUPPORT.
 */
int http_print_address(const struct sockaddr *address, char ret[static INET6_ADDRSTRLEN]);

/* http-limits.c: the connections of one server. What a connection is doing, which has its time: */
enum http_phase {
    HTTP_OPENING,   /* up to the end of a request's headers */
    HTTP_IDLE,      /* between two requests */
    HTTP_BODY,      /* of so many bytes at most */
    HTTP_ANSWERING, /* the handler has it, for as long as it takes */
    HTTP_SENDING,
};

struct http_limits;

/* The options have to be complete, without any 0 that stands for a default. */
int http_limits_new(
        sd_event *event, const struct http_server_options *options, struct http_limits **ret);

/* Without any connection left. Accepts NULL; returns NULL. */
struct http_limits *http_limits_free(struct http_limits *limits);

/* For MHD_OPTION_NOTIFY_CONNECTION, with the limits: when there is no room for a newcomer, somebody
 * else's socket is shut down, or its own. */
void http_limits_notice(void *userdata, struct MHD_Connection *handle, void **context,
        enum MHD_ConnectionNotificationCode code);

/* What the connection is doing from now on; `size` is of its body. */
void http_limits_enter(struct MHD_Connection *handle, enum http_phase phase, size_t size);

/* It has sent the first line of a request. */
void http_limits_begin(struct MHD_Connection *handle);

/* Lets the request go on with its answer, now or when it is resumed. */
void http_server_answered(struct http_request *request);

/* Lets a connection go on that was suspended. */
void http_server_resume(struct http_server *server, struct MHD_Connection *connection);

/* Becomes the request's answer; `response` is taken over and may be NULL: no memory. As the
 * http_respond_*() otherwise. */
int http_respond(struct http_request *request, unsigned status, const char *type,
        struct MHD_Response *response);

/* The streams that are open, and their end: libmicrohttpd must not be stopped before. */
struct http_stream **http_server_streams(struct http_server *server);
void http_streams_end(struct http_server *server);

sd_event *http_server_event(const struct http_server *server);

/* What the server adds to every answer: name, value, …, NULL. May be NULL. */
const char *const *http_server_headers(const struct http_server *server);
