/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who is logged in. A browser has a random token in a cookie; here, and in the file "sessions.json"
 * of the web's folder, there is its digest. A session ends when nobody has used it for 15 minutes,
 * and with the boot: nobody knows for how long the device was off.
 */

#include <stdint.h>

#include "scopes.h"
#include "secret.h"
#include "util.h"

struct sessions;

struct session {
    char digest[SECRET_SIZE];
    unsigned scopes;
    char access_token[ACCESS_TOKEN_ID_SIZE]; /* it was opened with; "": with the password */
    uint64_t used_usec;
};

/* The one that has been left alone longest makes room. */
#define SESSIONS_MAX 32
#define SESSION_IDLE_SEC (15 * 60)

/*
 * Reads those under `folder` that are of the boot `boot`. 0 or a negative errno; a file that makes
 * no sense is as good as none. Times are CLOCK_BOOTTIME's, in microseconds.
 */
int sessions_new(const char *folder, const char *boot, uint64_t now_usec, struct sessions **ret);

/* Accepts NULL; returns NULL. */
struct sessions *sessions_free(struct sessions *sessions);

DEFINE_CLEANUP(struct sessions *, sessions_free);

/* A new one: `ret` is the token for the browser. `access_token` may be "". 0 or a negative errno.
 */
int sessions_open(struct sessions *sessions, uint64_t now_usec, unsigned scopes,
        const char *access_token, char ret[static SECRET_SIZE]);

/* The one of this token, or NULL. Valid until the next call. */
struct session *sessions_find(struct sessions *sessions, uint64_t now_usec, const char *token);

/* The same by the digest that was kept of one. */
struct session *sessions_find_digest(
        struct sessions *sessions, uint64_t now_usec, const char *digest);

/* It was used just now. It is written down once a minute at most: 0 or a negative errno of that. */
int sessions_touch(struct sessions *sessions, uint64_t now_usec, struct session *session);

/* Ends one; all of an access token; all. 0 or a negative errno: they have ended, but may be back
 * after a restart. */
int sessions_close(struct sessions *sessions, struct session *session);
int sessions_close_of(struct sessions *sessions, const char *access_token);
int sessions_close_all(struct sessions *sessions);
