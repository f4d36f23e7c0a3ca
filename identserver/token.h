/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One-time tokens: an operator's permission to give one serial new credentials, or to enrol it
 * though no list has it. The database has their digests alone. A token is used up when the device
 * acknowledges, so that one whose power went in between need not ask again.
 */

#include <time.h>

#include "crypto.h"
#include "database.h"
#include "refusal.h"

/* For so long it can be used: a technician has to get to the device. */
#define TOKEN_SEC (7 * 24 * 60 * 60)

/*
 * Makes one and forgets it: *ret_token is the caller's, and the only copy. Earlier tokens of the
 * serial end. Refused for a serial that isn't one, or was retired.
 */
int token_make(struct database *database, const char *serial, const char *reason, time_t now,
        char **ret_token, struct refusal *ret_refusal);

/* Whether it is good for this serial now. 0 with its digest, 1 with *ret_refusal, or a negative
 * errno. */
int token_check(struct database *database, const char *token, const char *serial, time_t now,
        char ret_sha256[static CRYPTO_SHA256_HEX_SIZE], struct refusal *ret_refusal);

/* Within a transaction: it was used. */
int token_use(struct database *database, const char *sha256, time_t now);
