/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the register share. */

#include "audit.h"
#include "register.h"

/* Ends a transaction: commits when `r` is 0, takes everything back otherwise. Returns `r`, or the
 * commit's negative errno. */
int register_finish(struct database *database, int r);

/* A new random UUID; the caller frees it. */
int register_new_uuid(char **ret);

/* One enrolment under way. */
struct enrolling {
    struct database *database;
    const struct authority *authority;
    const struct enroll_request *request;
    time_t now;
    char token[CRYPTO_SHA256_HEX_SIZE]; /* digest of the token that allows it; "": none */
    struct enrolled enrolled;
    struct refusal *refusal;
};

/*
 * Steps of an enrolment: 0; 1 with the refusal filled; or a negative errno.
 */

/* Whether this call may be made for this serial now; what was pending for it is revoked. */
int enrolling_authorise(struct enrolling *enrolling);

/* Finds the device, or gives a new one its batch, hostname and UUID; fills `enrolled` with them and
 * with what the batch has for its devices. */
int enrolling_place(struct enrolling *enrolling);
