/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libmicrohttpd in sd-event, without threads: routes, limits, JSON and problem+json (RFC 9457).
 * The page and the bench are built on it. One handler answers one request, at once or later.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util.h"

struct http_server;
struct http_request;

/*
 * Answers with one of http_respond_*(), at once or later (the request is suspended until then). A
 * negative return means that it has not answered and won't: the peer gets a 500.
 */
typedef int (*http_handler)(struct http_request *request, void *userdata);

struct http_route {
    const char *method; /* "GET" answers HEAD too */
    const char *path;   /* "/v1/enroll/{id}/ack": a name in braces matches one segment */
    http_handler handler;
    size_t max_body; /* bytes; 0: a body is refused with 413 */
};

struct http_server_options {
    const struct http_route *routes; /* ended by one without a path; borrowed */
    http_handler fallback;           /* for a path that no route has; NULL: a 404 problem */
    /*
     * Looks at each request before its body is read: returns 0 to go on, 1 when it has answered
     * itself, at once (Host and Origin checks, login). Not asked when the request is already
     * refused (405, 413). Optional.
     */
    int (*before)(struct http_request *request, void *userdata);
    const char *const *headers; /* name, value, …, NULL: added to every answer; borrowed */
    const char *tls_key_pem;    /* both NULL: plain HTTP */
    const char *tls_cert_pem;   /* with its chain */
    /* Clients are asked for a certificate of this CA's, and may have none; it proves their key, and
     * whether it still holds is the handler's to find out. NULL: nobody is asked. */
    const char *tls_client_ca_pem;
    unsigned max_connections;             /* 0: 512 */
    unsigned max_connections_per_address; /* 0: no limit of its own */
    unsigned idle_timeout_sec;            /* 0: 30 */
    /* A connection has come or gone: http_server_connections() says how many there are. Optional.
     */
    void (*connections_changed)(void *userdata);
    void *userdata;
};

/*
 * Serves the listening socket `fd`, which is taken over on success (shutdown() is never called on
 * it: systemd may hold it too). Several servers may share one event loop. 0 or a negative errno.
 */
int http_server_new(sd_event *event, int fd, const struct http_server_options *options,
        struct http_server **ret);

/*
 * Open requests are ended; those that still wait for their handler's answer get a 503, and the
 * handler must not answer them any more: free first what would have made it do so. Not to be called
 * from a handler. Accepts NULL; returns NULL.
 */
struct http_server *http_server_free(struct http_server *server);

DEFINE_CLEANUP(struct http_server *, http_server_free);

/* A TCP listening socket on a numeric address ("7.7.7.7", "::"), non-blocking, for
 * http_server_new(). */
int http_listen(const char *address, uint16_t port, bool freebind, int *ret_fd);

unsigned http_server_connections(const struct http_server *server);

/* Of a request; all borrowed, valid until it is answered. NULL where there is none. */
const char *http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request);
const char *http_request_param(const struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name);
const char *http_request_query(const struct http_request *request, const char *name);
const void *http_request_body(const struct http_request *request, size_t *ret_size);
/* The peer's numeric address. */
const char *http_request_peer(const struct http_request *request);

/* The certificate that the peer has shown over TLS, in DER; borrowed. 0, or -ENODATA: none. */
int http_request_certificate(
        const struct http_request *request, const void **ret_der, size_t *ret_size);

/* Before the answer: a header that only this one has. */
int http_request_add_header(struct http_request *request, const char *name, const char *value);

/* Whether its Content-Type is application/json. */
bool http_request_is_json(const struct http_request *request);

/*
 * The body as a JSON object of at most 16 levels. On failure it has answered with a 400 or 415
 * problem and returns -EBADMSG: then the handler returns 0. *ret is the caller's.
 */
int http_request_json(struct http_request *request, json_t **ret);

/*
 * Answers. `body` is taken over; its text is wiped when it was sent, as it may have a secret.
 * `request` is invalid afterwards. 0 or a negative errno: returned
 * by the handler it becomes a 500; of a late answer it ends the connection, and nothing is left to
 * do. JSON is never cached unless add_header() has said Cache-Control before.
 */
int http_respond_json(struct http_request *request, unsigned status, json_t *body);
int http_respond_empty(struct http_request *request, unsigned status);

/*
 * application/problem+json: `code` is for programs ("nonce_expired"), the text for people. `extra`
 * (members to merge in; taken over) may be NULL.
 */
int http_respond_problem(struct http_request *request, unsigned status, const char *code,
        json_t *extra, const char *format, ...) _printf_(5, 6);

/* Bytes that live as long as the server: assets. `etag` (with its quotes) turns If-None-Match into
 * a 304; may be NULL. */
int http_respond_static(struct http_request *request, unsigned status, const char *type,
        const char *etag, const void *data, size_t size);

/* Bytes of this moment, which are copied. */
int http_respond_data(struct http_request *request, unsigned status, const char *type,
        const void *data, size_t size);

/* A 302 to `location`. */
int http_respond_redirect(struct http_request *request, const char *location);
