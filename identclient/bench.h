/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bench, as seen from the device: the three calls of an enrolment over pinned HTTPS. */

#include <jansson.h>
#include <systemd/sd-event.h>

#include "util.h"
#include "verdict.h"

struct bench;

struct bench_options {
    const char *url;
    const char *ca_pem;
    const char *interface;
    const char *serial;
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

/*
 * Each calls `reply` once from the event loop, unless it returns a negative errno. One call at a
 * time. bench_enroll() takes `request` over.
 */
int bench_challenge(struct bench *bench, bench_reply_fn reply, void *userdata);
int bench_enroll(struct bench *bench, json_t *request, bench_reply_fn reply, void *userdata);
int bench_acknowledge(struct bench *bench, const char *enrolment_id, const char *cert_sha256,
        const char *proof, bench_reply_fn reply, void *userdata);
