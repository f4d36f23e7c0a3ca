/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The audit: what happened on this bench, and what was refused. It only grows (the database itself
 * refuses anything else), and each entry carries a hash of itself and of the entry before it, so
 * that one which was changed, taken out or put in behind the server's back shows: from there on
 * nothing fits. Cutting off its end shows to whoever has noted a hash from it.
 *
 *   hash = SHA-256 of: hash of the entry before ("" for the first), id, at, event, serial, detail,
 *          each as text, with a NUL between two, in lower-case hexadecimal
 */

#include <time.h>

#include "crypto.h"
#include "database.h"

/* Adds an entry. `detail` may be "". 0 or a negative errno. */
int audit_add(struct database *database, time_t now, const char *event, const char *serial,
        const char *detail);

struct audit_state {
    int64_t entries;
    int64_t broken;                    /* the first entry that doesn't fit; 0: all do */
    char last[CRYPTO_SHA256_HEX_SIZE]; /* hash of the last entry; "": there is none */
    bool known;                        /* the hash that was asked for is among them */
};

/* Looks at every entry, and whether one has the hash `known` (NULL: not asked). 0 or a negative
 * errno. */
int audit_check(struct database *database, const char *known, struct audit_state *ret);
