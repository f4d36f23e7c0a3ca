/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whether the page is served over TLS, and with which certificate. The owner says so on the page;
 * until then the configuration does (web.https), and a wrong configuration never keeps the page
 * away. All of it is the last owner's, and goes with him (factory reset).
 */

#include <systemd/sd-event.h>

#include "certificate.h"

enum https_mode {
    HTTPS_OPTIONAL, /* beside plain HTTP */
    HTTPS_REQUIRED, /* plain HTTP leads there */
    HTTPS_OFF,
};

struct https;

/* The mode of this name, or -EINVAL. */
int https_mode_of(const char *name);
const char *https_mode_name(enum https_mode mode);

/*
 * What is stored in `folder`, which need not be there. `changed` is called when the mode or the
 * certificate has become another one, not before this returns. 0 or a negative errno; it logs what
 * it does without.
 */
int https_new(sd_event *event, const char *folder, enum https_mode configured,
        void (*changed)(void *userdata), void *userdata, struct https **ret);

/* Accepts NULL; returns NULL. */
struct https *https_free(struct https *https);

DEFINE_CLEANUP(struct https *, https_free);

/*
 * What the device is called now: its hostname, and what it is found by over mDNS (NULL or "":
 * nothing else). NULL: nobody can say. An own certificate for other names is replaced; there is
 * none before this was called once.
 */
void https_called(struct https *https, const char *hostname, const char *announced);

enum https_mode https_mode(const struct https *https);

/* The one to serve, borrowed until the next change; NULL: none yet. */
const struct certificate *https_certificate(const struct https *https);

/* Whether it is the customer's. */
bool https_is_customers(const struct https *https);

/* The owner wants it so; a negative one: as it is configured. 0 or a negative errno. */
int https_choose(struct https *https, int mode);

/* Serves the customer's certificate, which is taken over on success. 0 or a negative errno. */
int https_adopt(struct https *https, struct certificate *certificate);

/* Serves an own one again, made anew. 1 there was a customer's, 0 there was none, or a negative
 * errno. */
int https_drop(struct https *https);

/* mode, configured, and of the certificate what is no secret. */
json_t *https_to_json(const struct https *https);
