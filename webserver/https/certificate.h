/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the page shows over TLS: a private key, and the certificate for it with its chain. The
 * device makes one of its own, which nobody has signed; the customer may bring a better one. It has
 * nothing to do with the device's identity.
 */

#include <jansson.h>
#include <stdbool.h>
#include <time.h>

#include "util.h"

/* How long an own one holds, and how long before that it is replaced: browsers take none that holds
 * for more than 825 days. */
#define CERTIFICATE_DAYS 800
#define CERTIFICATE_SPARE_DAYS 30
/* Of a customer's: one for the device, and who vouches for it. */
#define CERTIFICATE_CHAIN_MAX 8

struct certificate;

/*
 * An own one, for `names` (DNS, ended by NULL; the first is its subject's), of which there is at
 * least one. It holds since a day before `now`. 0 or a negative errno.
 */
int certificate_new(const char *const *names, time_t now, struct certificate **ret);

/*
 * The customer's, in PEM, as good at `now` as a browser wants it. 0; -EBADMSG: then *ret_problem is
 * a static sentence that says what is wrong; or another negative errno.
 */
int certificate_import(const char *chain_pem, const char *key_pem, time_t now,
        struct certificate **ret, const char **ret_problem);

/* One that was stored, which may have expired: what certificate_text() gave. 0, -EBADMSG, or
 * -ENOMEM. */
int certificate_parse(const char *text, struct certificate **ret);

/* Wipes the key. Accepts NULL; returns NULL. */
struct certificate *certificate_free(struct certificate *certificate);

DEFINE_CLEANUP(struct certificate *, certificate_free);

/* Key and chain as one text: a secret. All borrowed. */
const char *certificate_text(const struct certificate *certificate);
const char *certificate_key_pem(const struct certificate *certificate);
const char *certificate_chain_pem(const struct certificate *certificate);

time_t certificate_not_after(const struct certificate *certificate);

/* Whether it holds at `now`, and for `spare_days` from there. */
bool certificate_holds(const struct certificate *certificate, time_t now, unsigned spare_days);

bool certificate_is_for(const struct certificate *certificate, const char *name);

/* What is no secret of it: subject, issuer, names, not_before, not_after, sha256. */
json_t *certificate_to_json(const struct certificate *certificate);
