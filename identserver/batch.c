/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Batches, as the operator makes and changes them; place.c puts devices into them. */

#include "batch.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "country-codes.h"
#include "enrolment-protocol.h"
#include "operator-error.h"
#include "pool.h"
#include "register-internal.h"
#include "register.h"

#define ENDPOINT_MAX 255
#define QUOTA_MAX INT32_MAX

/* What may stand in an address, and no blank or quote: devices hand it on to others. */
static bool is_endpoint(const char *endpoint)
{
    for (const char *c = endpoint; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._~:/?&=%[]@", *c))
            return false;
    return strlen(endpoint) <= ENDPOINT_MAX;
}

static int check_options(const struct batch_options *options, struct refusal *ret_refusal)
{
    if (!enrolment_serial_valid(options->name))
        return refuse(
                ret_refusal, 0, OPERATOR_INVALID, "a batch's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    if (options->quota != -1 && (options->quota < 1 || options->quota > QUOTA_MAX))
        return refuse(ret_refusal, 0, OPERATOR_INVALID, "a quota is 1 to %d", QUOTA_MAX);
    if (options->country && *options->country && !country_code_known(options->country))
        return refuse(ret_refusal, 0, OPERATOR_INVALID, "the country must be " COUNTRY_CODE_WANTED);
    if (options->cloud_endpoint && !is_endpoint(options->cloud_endpoint))
        return refuse(ret_refusal, 0, OPERATOR_INVALID,
                "a cloud endpoint is a host or URL of at most %d characters", ENDPOINT_MAX);
    return 0;
}

/* 1: it is there; 0: it was made. */
static int have_pool(struct database *database, const char *pool, const char *pattern)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row, "SELECT 1 FROM hostname_pools WHERE name = ?", "s", pool);
    if (r != 0 || !pattern)
        return r < 0 ? r : r > 0 ? 1 : -ENOENT;
    return pool_add(database, pool, pattern);
}

static int add_batch(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal)
{
    int r;

    r = have_pool(database, options->pool, options->pattern);
    if (r == -ENOENT)
        return refuse(ret_refusal, 0, OPERATOR_NOT_FOUND,
                "there is no pool of hostnames %.80s: give a pattern, and it is made",
                options->pool);
    if (r < 0)
        return r;
    r = database_run(database,
            "INSERT INTO batches (name, quota, open, pool, listed, bundle, country,"
            " cloud_endpoint, created_at) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?)",
            "sisiissi", options->name, options->quota, options->pool,
            (int64_t)(options->listed > 0), (int64_t)(options->bundle > 0), options->country ?: "",
            options->cloud_endpoint ?: "", (int64_t)now);
    if (r == -EEXIST)
        return refuse(
                ret_refusal, 0, OPERATOR_CONFLICT, "there is a batch %s already", options->name);
    if (r < 0)
        return r;
    return audit_add(database, now, "batch opened", "", options->name);
}

int batch_add(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal)
{
    int r;

    r = check_options(options, ret_refusal);
    if (r != 0)
        return r;
    if (!enrolment_serial_valid(options->pool))
        return refuse(
                ret_refusal, 0, OPERATOR_INVALID, "a pool's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    if (options->pattern && !pool_pattern_valid(options->pattern))
        return refuse(ret_refusal, 0, OPERATOR_INVALID,
                "a pattern is as KXP2-CORO-### or KXP2-{uuid}, of letters, digits, hyphens, and "
                "makes at most 63 of them");
    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, add_batch(database, options, now, ret_refusal));
}

static int change(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal)
{
    int r;

    r = database_run(database,
            "UPDATE batches SET quota = iif(?2 < 0, quota, ?2), open = iif(?3 < 0, open, ?3),"
            " listed = iif(?4 < 0, listed, ?4), bundle = iif(?5 < 0, bundle, ?5),"
            " country = coalesce(?6, country), cloud_endpoint = coalesce(?7, cloud_endpoint)"
            " WHERE name = ?1",
            "siiiiss", options->name, options->quota, (int64_t)options->open,
            (int64_t)options->listed, (int64_t)options->bundle, options->country,
            options->cloud_endpoint);
    if (r == -EEXIST)
        return refuse(ret_refusal, 0, OPERATOR_CONFLICT,
                "batch %s has more than %lld devices already", options->name,
                (long long)options->quota);
    if (r == 0)
        return refuse(ret_refusal, 0, OPERATOR_NOT_FOUND, "there is no batch %s", options->name);
    if (r < 0)
        return r;
    return audit_add(database, now,
            options->open == 0   ? "batch closed"
            : options->open == 1 ? "batch opened"
                                 : "batch changed",
            "", options->name);
}

int batch_change(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal)
{
    int r;

    r = check_options(options, ret_refusal);
    if (r != 0)
        return r;
    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, change(database, options, now, ret_refusal));
}

static int add_names(struct database *database, const char *pool, const char *const *names,
        size_t n_names, time_t now, struct refusal *ret_refusal)
{
    int r;

    r = have_pool(database, pool, "");
    for (size_t i = 0; r >= 0 && i < n_names; i++) {
        r = pool_add_name(database, pool, names[i], ret_refusal);
        if (r != 0)
            return r;
    }
    return r < 0 ? r : audit_add(database, now, "hostnames added", "", pool);
}

int batch_add_names(struct database *database, const char *pool, const char *const *names,
        size_t n_names, time_t now, struct refusal *ret_refusal)
{
    int r;

    if (!enrolment_serial_valid(pool))
        return refuse(
                ret_refusal, 0, OPERATOR_INVALID, "a pool's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, add_names(database, pool, names, n_names, now, ret_refusal));
}
