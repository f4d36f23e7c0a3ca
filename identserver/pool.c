/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hostnames, and that none is given twice. */

#include "pool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "operator-error.h"
#include "register-internal.h"

#define UUID_MARK "{uuid}"
#define PATTERN_MAX 128
/* More digits than any line will count to. */
#define DIGITS_MAX 9
#define NUMBER_MAX 999999999

/* Writes the name for one number or UUID; what is cut off shows as a name that is not valid. */
static void render(const char *pattern, int64_t number, const char *uuid, char *ret, size_t size)
{
    const char *mark = strstr(pattern, UUID_MARK);
    size_t before = mark ? (size_t)(mark - pattern) : strcspn(pattern, "#");
    size_t width = strspn(pattern + before, "#");

    if (mark)
        (void)snprintf(ret, size, "%.*s%s%s", (int)before, pattern, uuid, mark + strlen(UUID_MARK));
    else
        (void)snprintf(ret, size, "%.*s%0*lld%s", (int)before, pattern, (int)width,
                (long long)number, pattern + before + width);
}

bool pool_pattern_valid(const char *pattern)
{
    static const char uuid[] = "00000000-0000-4000-8000-000000000000";
    size_t width = strspn(pattern + strcspn(pattern, "#"), "#");
    bool has_uuid = strstr(pattern, UUID_MARK) != NULL;
    char name[PATTERN_MAX];

    if (!*pattern)
        return true;
    if (strlen(pattern) >= 64 || width > DIGITS_MAX || (width > 0) == has_uuid)
        return false;
    /* A second mark would stand in the name, where it is not allowed. */
    render(pattern, NUMBER_MAX, uuid, name, sizeof(name));
    return enrolment_hostname_valid(name);
}

int pool_add(struct database *database, const char *name, const char *pattern)
{
    int r = database_run(database,
            "INSERT INTO hostname_pools (name, pattern, next) VALUES (?, ?, 1)", "ss", name,
            pattern);

    return r < 0 ? r : 0;
}

int pool_add_name(struct database *database, const char *pool, const char *hostname,
        struct refusal *ret_refusal)
{
    int r;

    if (!enrolment_hostname_valid(hostname))
        return refuse(ret_refusal, 0, OPERATOR_INVALID,
                "\"%.80s\" is not a hostname: 1 to 63 letters, digits, hyphens", hostname);
    r = database_run(database,
            "INSERT OR IGNORE INTO pool_names (hostname, pool)"
            " SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM hostnames WHERE hostname = ?1)",
            "ss", hostname, pool);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(ret_refusal, 0, OPERATOR_CONFLICT,
                "the hostname %s was given already, or is on a list", hostname);
    return 0;
}

/* 1: it is the serial's now; 0: somebody had it. */
static int claim(struct database *database, const char *pool, const char *hostname,
        const char *serial, time_t now)
{
    return database_run(database,
            "INSERT OR IGNORE INTO hostnames (hostname, serial, given_at, pool)"
            " VALUES (?, ?, ?, ?)",
            "ssis", hostname, serial, (int64_t)now, pool);
}

/* The first name of the list: 1, 0 when the list is empty. */
static int take_listed(struct database *database, const char *pool, char **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row,
            "DELETE FROM pool_names WHERE hostname ="
            " (SELECT hostname FROM pool_names WHERE pool = ? ORDER BY rowid LIMIT 1)"
            " RETURNING hostname",
            "s", pool);
    if (r <= 0)
        return r;
    *ret = database_text(row, 0);
    return *ret ? 1 : -ENOMEM;
}

/* The pattern's next name: 1, 0 when there is no pattern. The number is never used twice. */
static int take_next(struct database *database, const char *pool, char **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_free_ char *uuid = NULL;
    char hostname[PATTERN_MAX];
    int r;

    r = database_query(database, &row,
            "UPDATE hostname_pools SET next = next + 1 WHERE name = ? AND pattern <> ''"
            " RETURNING pattern, next - 1",
            "s", pool);
    if (r <= 0)
        return r;
    r = register_new_uuid(&uuid);
    if (r < 0)
        return r;
    render((const char *)sqlite3_column_text(row, 0), sqlite3_column_int64(row, 1), uuid, hostname,
            sizeof(hostname));
    *ret = strdup(hostname);
    return *ret ? 1 : -ENOMEM;
}

int pool_take(struct database *database, const char *pool, const char *serial, time_t now,
        char **ret_hostname, struct refusal *ret_refusal)
{
    for (;;) {
        _cleanup_free_ char *hostname = NULL;
        int r;

        r = take_listed(database, pool, &hostname);
        if (r == 0)
            r = take_next(database, pool, &hostname);
        if (r < 0)
            return r;
        if (r == 0)
            return refuse(ret_refusal, 403, ENROLMENT_BATCH_CLOSED,
                    "the pool %s has no hostname left: ask the bench operator to add some", pool);
        r = claim(database, pool, hostname, serial, now);
        if (r < 0)
            return r;
        if (r > 0) {
            *ret_hostname = STEAL(hostname);
            return 0;
        }
    }
}
