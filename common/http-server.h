/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libmicrohttpd in sd-event, without threads: routes, limits, JSON and problem+json (RFC 9457).
 * The page and the bench are built on it. One handler answers one request, at once or later.
 */

#include <jansson.h>
#include <netinet/in.h>
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
     * Looks at each request that can be read, before its body is: returns 0 to go on, 1 when it has
     * answered itself, at once (how often, Host and Origin, login). Optional.
     */
    int (*before)(struct http_request *request, void *userdata);
    const char *const *headers; /* name, value, …, NULL: added to every answer; borrowed */
    const char *tls_key_pem;    /* both NULL: plain HTTP */
    const char *tls_cert_pem;   /* with its chain */
    /* Clients are asked for a certificate of this CA's, and may have none; it proves their key, and
     * whether it still holds is the handler's to find out. NULL: nobody is asked. */
    const char *tls_client_ca_pem;
    bool refuse;                          /* hangs up on everybody at once */
    unsigned max_connections;             /* 0: 512 */
    unsigned max_connections_per_address; /* of a /64 of IPv6; 0: no limit of its own */
    unsigned idle_timeout_sec;            /* without a byte, or a request; 0: 30 */
    unsigned request_timeout_sec;         /* for a request's headers, however many bytes; 0: 15 */
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

/*
 * Accepts nobody any more; who is connected is served on, until the server is freed. For a second
 * one on the same socket, with another certificate.
 */
void http_server_retire(struct http_server *server);

unsigned http_server_connections(const struct http_server *server);

/* Of a request; all borrowed, valid until it is answered. NULL where there is none. */
const char *http_request_method(const struct http_request *request);
const char *http_request_path(const struct http_request *request);
const char *http_request_param(const struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name);
const char *http_request_query(const struct http_request *request, const char *name);
const void *http_request_body(const struct http_request *request, size_t *ret_size);
const char *http_request_cookie(const struct http_request *request, const char *name);
/* The peer's numeric address. */
const char *http_request_peer(const struct http_request *request);

/* The numeric address of this device that the peer has reached. 0 or a negative errno. */
int http_request_local(const struct http_request *request, char ret[static INET6_ADDRSTRLEN]);

/* The port of it, or a negative errno. */
int http_request_local_port(const struct http_request *request);

bool http_request_is_tls(const struct http_request *request);

/* The certificate that the peer has shown over TLS, in DER; borrowed. 0, or -ENODATA: none. */
int http_request_certificate(
        const struct http_request *request, const void **ret_der, size_t *ret_size);

/* Whether it has its answer: for a `before` of several checks. */
bool http_request_answered(const struct http_request *request);

/*
 * For whoever answers late: `r` is what became of it, as a handler would return it. A negative one
 * without an answer would let the peer wait for ever: he gets a 500. Nothing for NULL; in the same
 * turn of the event loop the request may have its answer already.
 */
void http_request_settle(struct http_request *request, int r);

/* Before the answer: a header that only this one has. */
int http_request_add_header(struct http_request *request, const char *name, const char *value);

/* Whether it may change what has this tag (If-Match, RFC 9110, 13.1.1): it names it, or none. */
bool http_request_if_match(const struct http_request *request, const char *etag);

/* Whether its Content-Type is application/json. */
bool http_request_is_json(const struct http_request *request);

/* Whether it is what a form of a page sends by itself, with files or without. */
bool http_request_is_form(const struct http_request *request);

#define HTTP_FIELD_MAX 1023

struct http_field {
    const char *name;
    size_t max;  /* of the value, without its NUL; 0: HTTP_FIELD_MAX */
    char *value; /* may be a secret */
    size_t size;
};

/*
 * The body as such a form: fills the values of `fields` by their names; a field that is missing is
 * "". 0; -EBADMSG: it is no such form, or a value doesn't fit or holds a NUL; or -ENOMEM. It does
 * not answer. Whatever it returns, http_fields_done() is to follow.
 */
int http_request_form(struct http_request *request, struct http_field *fields, size_t n_fields);

/* Wipes the values. */
void http_fields_done(struct http_field *fields, size_t n_fields);

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

struct http_stream;

struct http_stream_ops {
    /* Writes up to `size` bytes of what there is to say. Returns how many; 0: nothing for now,
     * until http_stream_wake(); negative: that was all. Called from the event loop; it must not
     * call http_stream_*() itself. */
    ssize_t (*read)(void *userdata, char *buffer, size_t size);
    /* It has ended, for whatever reason: the stream is invalid. */
    void (*closed)(void *userdata);
};

/*
 * A 200 that goes on for as long as both sides want (text/event-stream). `ops` is copied; `read` is
 * called when the peer takes more. A peer that takes nothing for the server's idle timeout is hung
 * up on; one that hangs up is noticed at once. `closed` is called exactly once after success, at
 * the latest when the server is freed. 0 or a negative errno: then nothing is called.
 */
int http_respond_stream(struct http_request *request, const char *type,
        const struct http_stream_ops *ops, void *userdata, struct http_stream **ret);

/* There is something to say. */
void http_stream_wake(struct http_stream *stream);

/* Ends it when what was read has been sent; or at once, also when the peer doesn't read. `closed`
 * is still called, from the event loop. */
void http_stream_end(struct http_stream *stream);
void http_stream_cut(struct http_stream *stream);
