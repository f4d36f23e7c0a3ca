/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One-time tokens, of which the database has digests. */

#include "token.h"

#include <errno.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "operator-error.h"
#include "register-internal.h"

/* Half of what a key has: short enough to be typed if it must be. */
#define TOKEN_SIZE 16
#define REASON_MAX 200

static int check_device(struct database *database, const char *serial, struct refusal *ret_refusal)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row,
            "SELECT 1 FROM devices WHERE serial = ? AND retired_at IS NOT NULL", "s", serial);
    if (r > 0)
        return refuse(ret_refusal, 0, OPERATOR_CONFLICT, "serial %s was retired", serial);
    return r;
}

static int keep(struct database *database, const char *serial, const char *reason, time_t now,
        const char *sha256, struct refusal *ret_refusal)
{
    int r;

    r = check_device(database, serial, ret_refusal);
    if (r != 0)
        return r;
    r = database_run(database,
            "UPDATE tokens SET expires_at = ?1"
            " WHERE serial = ?2 AND used_at IS NULL AND expires_at > ?1",
            "is", (int64_t)now, serial);
    if (r < 0)
        return r;
    r = database_run(database,
            "INSERT INTO tokens (sha256, serial, reason, made_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?)",
            "sssii", sha256, serial, reason, (int64_t)now, (int64_t)now + TOKEN_SEC);
    if (r < 0)
        return r;
    return audit_add(database, now, "token made", serial, reason);
}

int token_make(struct database *database, const char *serial, const char *reason, time_t now,
        char **ret_token, struct refusal *ret_refusal)
{
    _cleanup_(crypto_secret_free_p) char *token = NULL;
    char sha256[CRYPTO_SHA256_HEX_SIZE];
    int r;

    if (!enrolment_serial_valid(serial))
        return refuse(ret_refusal, 0, OPERATOR_INVALID, "a serial is 1 to 64 of A-Z a-z 0-9 . _ -");
    if (strlen(reason) > REASON_MAX)
        return refuse(
                ret_refusal, 0, OPERATOR_INVALID, "a reason has at most %d bytes", REASON_MAX);
    r = crypto_random_hex(TOKEN_SIZE, &token);
    if (r >= 0)
        r = crypto_sha256(token, strlen(token), sha256);
    if (r >= 0)
        r = database_begin(database);
    if (r < 0)
        return r;
    r = register_finish(database, keep(database, serial, reason, now, sha256, ret_refusal));
    if (r == 0)
        *ret_token = STEAL(token);
    return r;
}

int token_check(struct database *database, const char *token, const char *serial, time_t now,
        char ret_sha256[static CRYPTO_SHA256_HEX_SIZE], struct refusal *ret_refusal)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = crypto_sha256(token, strlen(token), ret_sha256);
    if (r < 0)
        return r;
    r = database_query(database, &row,
            "SELECT used_at IS NOT NULL FROM tokens"
            " WHERE sha256 = ? AND serial = ? AND (used_at IS NOT NULL OR expires_at >= ?)",
            "ssi", ret_sha256, serial, (int64_t)now);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(ret_refusal, 401, ENROLMENT_TOKEN_INVALID,
                "the token is not one for serial %s, or is too old: ask the bench operator for a "
                "new one",
                serial);
    if (sqlite3_column_int64(row, 0))
        return refuse(ret_refusal, 401, ENROLMENT_TOKEN_INVALID,
                "the token was used already: ask the bench operator for a new one");
    return 0;
}

int token_use(struct database *database, const char *sha256, time_t now)
{
    int r = database_run(
            database, "UPDATE tokens SET used_at = ? WHERE sha256 = ?", "is", (int64_t)now, sha256);

    return r < 0 ? r : 0;
}
