/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libcurl's multi interface in sd-event: HTTPS and JSON to one peer whose CA is known beforehand.
 *
 * Without a CA it is plain HTTP instead, for what is on the device itself.
 * Only that CA is trusted, TLS is 1.2 or better, and name or address must match the certificate.
 * No proxy, no redirect, no other protocol, whatever the environment says. Nothing blocks, and
 * every transfer is bounded in bytes and in time.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util.h"

struct http_client;

struct http_client_options {
    const char *ca_pem;    /* the CA to trust, and no other; NULL: plain HTTP, and no TLS at all */
    const char *pins;      /* "sha256//BASE64[;…]": the peer's key is one of these; NULL: any */
    const char *interface; /* bound to it, or nothing is sent; NULL: wherever the route leads */
    const char *certificate_pem; /* shown to the peer, with its chain behind it; NULL: none */
    const char *key_pem;         /* that belongs to it */
    bool ignore_dates;           /* of the peer's certificate, for a device that has no clock yet */
    size_t max_answer;           /* bytes of a body */
    uint64_t timeout_usec;       /* of a transfer, from name to last byte */
};

/*
 * What became of a request. `error` is 0 when the peer has answered, with any status: then
 * `status` and the body are set. Otherwise a negative errno, with `message` in libcurl's words:
 * -EKEYREJECTED the peer isn't who it should be, -EFBIG the answer is too long, -ETIMEDOUT, -ENODEV
 * there is no such interface, and what the kernel said of the connection.
 */
struct http_answer {
    int error;
    const char *message;
    unsigned status;
    const char *type; /* Content-Type, "" without one */
    const char *body; /* followed by a NUL, which is not counted */
    size_t size;
    unsigned retry_after_sec; /* 0: the peer didn't say */
};

/* `answer` and all in it are borrowed for the duration of the call. */
typedef void (*http_answer_fn)(const struct http_answer *answer, void *userdata);

/* 0 or a negative errno; `options` are copied. Free *ret with http_client_free(). */
int http_client_new(
        sd_event *event, const struct http_client_options *options, struct http_client **ret);

/* Transfers under way end without their callback. Accepts NULL; returns NULL. */
struct http_client *http_client_free(struct http_client *client);

DEFINE_CLEANUP(struct http_client *, http_client_free);

/*
 * GET, or POST when there is a `body` (taken over, on failure too). `fn` is called exactly once,
 * from the event loop, unless the client is freed before; it may free the client. Returns 0 or a
 * negative errno (then never).
 */
int http_client_request(struct http_client *client, const char *url, json_t *body,
        http_answer_fn fn, void *userdata);
