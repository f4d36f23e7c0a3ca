/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bench, as seen from the device: the calls of an enrolment over pinned HTTPS. */

#include <jansson.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "util.h"
#include "verdict.h"

struct bench;

struct bench_options {
    const char *url;
    const char *ca_pem;
    const char *pins;            /* of the bench's key; NULL: none */
    const char *interface;       /* bound to it; NULL: wherever the route leads */
    const char *certificate_pem; /* shown to it, with its key; NULL: none */
    const char *key_pem;
    const char *serial;
    /* A device fresh from the line has no clock yet; the bench gives it one. */
    bool ignore_dates;
};

/*
 * `body` is the JSON object that the bench answered, or NULL when the verdict isn't "accepted" or
 * the call has none (ack). Both are borrowed.
 */
typedef void (*bench_reply_fn)(const struct verdict *verdict, json_t *body, void *userdata);

/* 0 or a negative errno; `options` are copied. */
int bench_new(sd_event *event, const struct bench_options *options, struct bench **ret);

/* Accepts NULL; returns NULL. */
struct bench *bench_free(struct bench *bench);

/* The bench as people know it: "7.7.7.7:5001". Borrowed. */
const char *bench_where(const struct bench *bench);

/* Whether its interface has an address; true of one that isn't there, and where there is none. */
bool bench_has_wire(const struct bench *bench);

/*
 * Each calls `reply` once from the event loop, unless it returns a negative errno. One call at a
 * time. bench_challenge() waits for the interface's address at first; where only the default route
 * leads to the bench, and so to somebody else, it says so at once and asks nobody. bench_ask()
 * takes `request` over; `path` is which of the calls it is, "/v1/enroll".
 */
int bench_challenge(struct bench *bench, bench_reply_fn reply, void *userdata);
int bench_ask(struct bench *bench, const char *path, json_t *request, bench_reply_fn reply,
        void *userdata);
int bench_acknowledge(struct bench *bench, const char *enrolment_id, const char *cert_sha256,
        const char *proof, bench_reply_fn reply, void *userdata);
