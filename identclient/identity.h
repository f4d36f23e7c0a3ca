/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The identity folder: where an interrupted enrolment finds its place again.
 *
 *   attempt.key   the key of an attempt, until it has become part of a generation
 *   attempt       the attempt's UUID and terms; written after its key, so with it there is a key, a
 *                 generation that has it, or the bench makes it (bundle mode)
 *   gen-SHA/      serial certs, complete and checked; SHA is the certificate's
 *   next          link to those that are to replace others, until the bench has acknowledged
 *   current       link to the ones that count
 *   provisioned   the bench has acknowledged, the hostname is set: never again
 *   reassign      a token, put there by a technician; see token.h
 *   clock         the floor of the clock; see clock.h
 */

#include <stdbool.h>

#include "answer.h"
#include "credentials.h"

/* An attempt goes on under the terms that it was begun with, or not at all. */
struct attempt_terms {
    const char *kind;  /* "enroll", "reassign", "renew" */
    bool bundle;       /* the bench makes the key */
    const char *token; /* NULL: none; its digest is kept */
};

struct attempt {
    char *id;
    EVP_PKEY *key; /* NULL: stored, or to be made by the bench */
    bool stored;   /* its generation is there already, as next or as current */
};

/* Whether the factory is behind us. */
bool identity_provisioned(const char *directory);

/*
 * Keeps other processes away from the folder for as long as the descriptor *ret is open.
 * -EWOULDBLOCK: another one is at work there.
 */
int identity_lock(const char *directory, int *ret);

/*
 * The attempt that was begun on these terms, or -ENOENT when there is none, or one whose key is
 * lost: then begin a new one. Free *ret with attempt_done().
 */
int identity_attempt_load(
        const char *directory, const struct attempt_terms *terms, struct attempt *ret);

/* Makes a key, unless the bench does, and an attempt, and both durable. */
int identity_attempt_new(
        const char *directory, const struct attempt_terms *terms, struct attempt *ret);

/* Forgets the attempt, so that the next start begins a new one. No generation is touched. */
int identity_attempt_drop(const char *directory);

void attempt_done(struct attempt *attempt);

/*
 * Stores the bench's answer, if it passes the checks of credentials_load(), as the current
 * generation, or with `offer` as the next one; otherwise -EKEYREJECTED, wanted->fn has heard of it,
 * and nothing has changed.
 */
int identity_install(const char *directory, const struct attempt *attempt,
        const struct enroll_answer *answer, const struct credentials_wanted *wanted, bool offer);

/* The generation of this attempt, next or current, checked; see credentials_load(). */
int identity_stored(const char *directory, const struct attempt *attempt,
        const struct credentials_wanted *wanted, struct credentials *ret);

/* The current generation, checked; see credentials_load(). */
int identity_current(
        const char *directory, const struct credentials_wanted *wanted, struct credentials *ret);

/* The attempt's generation is what counts from now on; all others are removed. */
int identity_adopt(const char *directory, const struct attempt *attempt);

/* The attempt has come to nothing: it goes, and what it wanted to become next. */
int identity_abandon(const char *directory);

/*
 * Removes every copy of a key but the current generation's: the attempt's, which is of no use once
 * the generation is current, and what a power cut has left half-written.
 */
int identity_tidy(const char *directory);

/* The flag, last of all. */
int identity_set_provisioned(const char *directory);
