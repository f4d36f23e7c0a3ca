/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hostnames that end, and those of which nobody knows whether they began. */

#include "retire.h"

#include <errno.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "operator-error.h"
#include "register-internal.h"

/* As it was given: an operator may write it in other letters, large or small. */
#define AS_GIVEN "(SELECT hostname FROM hostnames WHERE hostname = ?)"

static int revoke_device(
        struct database *database, const char *hostname, time_t now, bool *ret_revoked)
{
    int r;

    r = database_run(database, "UPDATE devices SET retired_at = ? WHERE hostname = " AS_GIVEN, "is",
            (int64_t)now, hostname);
    if (r < 0)
        return r;
    r = database_run(database,
            "UPDATE enrolments SET state = 'revoked', revoked_at = ?"
            " WHERE state <> 'revoked'"
            " AND serial = (SELECT serial FROM devices WHERE hostname = " AS_GIVEN ")",
            "is", (int64_t)now, hostname);
    *ret_revoked = r > 0;
    return r < 0 ? r : 0;
}

static int retire(struct database *database, const char *hostname, time_t now, bool *ret_revoked,
        struct refusal *ret_refusal)
{
    int r;

    r = database_run(database,
            "INSERT INTO hostnames (hostname, serial, given_at, pool, retired_at)"
            " VALUES (?1, '', ?2, (SELECT pool FROM pool_names WHERE hostname = ?1), ?2)"
            " ON CONFLICT (hostname) DO UPDATE SET retired_at = ?2 WHERE retired_at IS NULL",
            "si", hostname, (int64_t)now);
    if (r == 0)
        return refuse(
                ret_refusal, 0, OPERATOR_CONFLICT, "the hostname %s is retired already", hostname);
    if (r >= 0)
        r = database_run(database, "DELETE FROM pool_names WHERE hostname = ?", "s", hostname);
    if (r >= 0)
        r = revoke_device(database, hostname, now, ret_revoked);
    return r < 0 ? r : audit_add(database, now, "hostname retired", "", hostname);
}

int retire_hostname(struct database *database, const char *hostname, time_t now, bool *ret_revoked,
        struct refusal *ret_refusal)
{
    int r;

    if (!enrolment_hostname_valid(hostname))
        return refuse(ret_refusal, 0, OPERATOR_INVALID,
                "\"%.80s\" is not a hostname: 1 to 63 letters, digits, hyphens", hostname);
    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, retire(database, hostname, now, ret_revoked, ret_refusal));
}

static int release(
        struct database *database, const char *hostname, time_t now, struct refusal *ret_refusal)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_free_ char *given = NULL, *pool = NULL;
    int r;

    r = database_query(database, &row,
            "SELECT hostname, pool FROM hostnames WHERE hostname = ? AND retired_at IS NOT NULL",
            "s", hostname);
    if (r == 0)
        return refuse(ret_refusal, 0, OPERATOR_NOT_FOUND,
                "there is no retired hostname %.80s: retire it first", hostname);
    if (r < 0)
        return r;
    given = database_text(row, 0);
    pool = database_text(row, 1);
    if (!given || !pool)
        return -ENOMEM;
    r = database_run(database, "UPDATE devices SET hostname = NULL WHERE hostname = ?", "s", given);
    if (r >= 0)
        r = database_run(database, "DELETE FROM hostnames WHERE hostname = ?", "s", given);
    if (r >= 0 && *pool)
        r = database_run(database, "INSERT INTO pool_names (hostname, pool) VALUES (?, ?)", "ss",
                given, pool);
    return r < 0 ? r : audit_add(database, now, "hostname released", "", given);
}

int retire_release(
        struct database *database, const char *hostname, time_t now, struct refusal *ret_refusal)
{
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, release(database, hostname, now, ret_refusal));
}

static int pass_over(struct database *database, time_t now)
{
    int r;

    /* No batch can have given more names than it had places. */
    r = database_run(database,
            "UPDATE hostname_pools SET next = next +"
            " (SELECT coalesce(sum(quota - used), 0) FROM batches WHERE pool = "
            "hostname_pools.name)",
            "");
    if (r >= 0)
        r = database_run(database, "UPDATE batches SET open = 0", "");
    /* One that was used up since is good for nothing, and looks as if it hadn't been. */
    if (r >= 0)
        r = database_run(database,
                "UPDATE tokens SET expires_at = ?1 - 1 WHERE used_at IS NULL AND expires_at >= ?1",
                "i", (int64_t)now);
    return r < 0 ? r : audit_add(database, now, "restored", "", "from a backup");
}

int retire_unknown(struct database *database, time_t now)
{
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, pass_over(database, now));
}
