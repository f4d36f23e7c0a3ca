/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The identity folder: where an interrupted enrolment finds its place again.
 *
 *   attempt.key   the key of an attempt, until it has become part of a generation
 *   attempt       the attempt's UUID; written after its key, so with it there is a key or a
 *                 generation that has it
 *   gen-SHA/      serial certs, complete and checked; SHA is the certificate's
 *   current       link to the one that counts
 *   provisioned   the bench has acknowledged, the hostname is set: never again
 */

#include <stdbool.h>

#include "answer.h"
#include "credentials.h"

struct attempt {
    char *id;
    EVP_PKEY *key; /* NULL: it lies in the current generation, which belongs to this attempt */
};

/* Whether the factory is behind us. */
bool identity_provisioned(const char *directory);

/*
 * The attempt that was begun, or -ENOENT when there is none, or one whose key is lost: then
 * begin a new one. Free *ret with attempt_done().
 */
int identity_attempt_load(const char *directory, struct attempt *ret);

/* Makes a key and an attempt, and both durable. */
int identity_attempt_new(const char *directory, struct attempt *ret);

/* Forgets the attempt, so that the next start begins a new one. The current generation stays. */
int identity_attempt_drop(const char *directory);

void attempt_done(struct attempt *attempt);

/*
 * Makes the bench's answer the current generation, if it passes the checks of credentials_load();
 * otherwise -EKEYREJECTED, `fn` has heard of it, and what was current still is.
 */
int identity_install(const char *directory, const struct attempt *attempt, const char *serial,
        const struct enroll_answer *answer, time_t now, credentials_item_fn fn, void *userdata);

/* The current generation, checked; see credentials_load(). */
int identity_current(const char *directory, const char *serial, time_t now, credentials_item_fn fn,
        void *userdata, struct credentials *ret);

/*
 * Removes every copy of a key but the current generation's: the attempt's, which is of no use once
 * the generation is current, and what a power cut has left half-written.
 */
int identity_tidy(const char *directory);

/* The flag, last of all. */
int identity_set_provisioned(const char *directory);
