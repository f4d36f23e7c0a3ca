/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A device's place: its batch, its hostname, its UUID. A serial keeps them, however often it begins
 * anew.
 */

#include <string.h>

#include "allow.h"
#include "enrolment-protocol.h"
#include "pool.h"
#include "register-internal.h"

/* Where a new device is to go. */
struct place {
    char *batch;
    char *pool;
    int64_t quota;
};

static void place_done(struct place *place)
{
    free(place->batch);
    free(place->pool);
}

/* An open batch: the one that is named, or the oldest that may have the serial. 1, 0: none. */
static int find_open(
        struct enrolling *enrolling, const char *name, bool admitted, struct place *ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT name, pool, quota FROM batches"
            " WHERE open AND (name = ?1 OR (?1 IS NULL AND (?2 OR NOT listed)))"
            " ORDER BY created_at, rowid LIMIT 1",
            "si", name, (int64_t)admitted);
    if (r <= 0)
        return r;
    ret->batch = database_text(row, 0);
    ret->pool = database_text(row, 1);
    ret->quota = sqlite3_column_int64(row, 2);
    return ret->batch && ret->pool ? 1 : -ENOMEM;
}

/* 1: the batch is for the serials of its list alone. NULL: any open one is. */
static int is_listed(struct enrolling *enrolling, const char *batch)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;

    return database_query(enrolling->database, &row,
            "SELECT 1 FROM batches WHERE open AND listed AND (?1 IS NULL OR name = ?1)", "s",
            batch);
}

static int refuse_serial(struct enrolling *enrolling, const char *wanted, const char *listed)
{
    const char *serial = enrolling->request->serial;

    if (!wanted)
        return refuse(enrolling->refusal, 403, ENROLMENT_SERIAL_NOT_ALLOWED,
                "serial %s is on no batch's list: ask the bench operator to add it", serial);
    if (listed)
        return refuse(enrolling->refusal, 403, ENROLMENT_SERIAL_NOT_ALLOWED,
                "serial %s is in batch %s and not in %s: ask the bench operator", serial, listed,
                wanted);
    return refuse(enrolling->refusal, 403, ENROLMENT_SERIAL_NOT_ALLOWED,
            "serial %s is not in batch %s: ask the bench operator to add it", serial, wanted);
}

/* The batch that the device names, or whose list has it, or that takes any. */
static int choose(struct enrolling *enrolling, struct place *ret)
{
    const char *wanted = *enrolling->request->batch ? enrolling->request->batch : NULL;
    bool admitted = *enrolling->token;
    _cleanup_free_ char *listed = NULL;
    int r;

    r = allow_find(enrolling->database, enrolling->request->serial, &listed);
    if (r < 0)
        return r;
    if (wanted && listed && strcmp(wanted, listed) != 0 && !admitted)
        return refuse_serial(enrolling, wanted, listed);
    r = find_open(enrolling, wanted ?: listed, admitted, ret);
    if (r < 0)
        return r;
    if (r > 0) {
        r = listed || admitted ? 0 : is_listed(enrolling, ret->batch);
        return r > 0 ? refuse_serial(enrolling, wanted, NULL) : r;
    }
    if (!wanted && !listed) {
        r = is_listed(enrolling, NULL);
        if (r != 0)
            return r < 0 ? r : refuse_serial(enrolling, NULL, NULL);
        return refuse(enrolling->refusal, 403, ENROLMENT_BATCH_CLOSED,
                "no batch is open: ask the bench operator to open one");
    }
    return refuse(enrolling->refusal, 403, ENROLMENT_BATCH_CLOSED,
            "batch %s is not open: ask the bench operator to open it", wanted ?: listed);
}

static int take_place(struct enrolling *enrolling, struct place *ret)
{
    int r;

    r = choose(enrolling, ret);
    if (r != 0)
        return r;
    r = database_run(enrolling->database,
            "UPDATE batches SET used = used + 1 WHERE name = ? AND used < quota", "s", ret->batch);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(enrolling->refusal, 403, ENROLMENT_BATCH_CLOSED,
                "batch %s is full (%lld devices): ask the bench operator for another", ret->batch,
                (long long)ret->quota);
    return 0;
}

static int add_device(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    _cleanup_(place_done) struct place place = {};
    _cleanup_free_ char *hostname = NULL, *uuid = NULL;
    int r;

    r = take_place(enrolling, &place);
    if (r != 0)
        return r;
    r = pool_take(enrolling->database, place.pool, request->serial, enrolling->now, &hostname,
            enrolling->refusal);
    if (r != 0)
        return r;
    r = register_new_uuid(&uuid);
    if (r < 0)
        return r;
    r = database_run(enrolling->database,
            "INSERT INTO devices"
            " (serial, uuid, batch, hostname, product, hw_rev, macs, first_seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "sssssssi", request->serial, uuid, place.batch, hostname, request->product,
            request->hw_rev, request->macs, (int64_t)enrolling->now);
    return r < 0 ? r : 0;
}

/* 2: there is none of this serial. */
static int find_device(struct enrolling *enrolling)
{
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT hostname, uuid, country, cloud_endpoint, bundle, batch, retired_at IS NOT NULL"
            " FROM devices JOIN batches ON name = batch WHERE serial = ?",
            "s", enrolling->request->serial);
    if (r <= 0)
        return r < 0 ? r : 2;
    if (sqlite3_column_int64(row, 6))
        return refuse(enrolling->refusal, 403, ENROLMENT_SERIAL_NOT_ALLOWED,
                "serial %s was retired: ask the bench operator", enrolling->request->serial);
    if (enrolling->request->bundle && !sqlite3_column_int64(row, 4))
        return refuse(enrolling->refusal, 422, ENROLMENT_MODE_UNSUPPORTED,
                "batch %s certifies keys that devices make, and makes none (mode csr)",
                sqlite3_column_text(row, 5));
    enrolled->hostname = database_text(row, 0);
    enrolled->uuid = database_text(row, 1);
    enrolled->country = database_text(row, 2);
    enrolled->cloud_endpoint = database_text(row, 3);
    return enrolled->hostname && enrolled->uuid && enrolled->country && enrolled->cloud_endpoint
                   ? 0
                   : -ENOMEM;
}

int enrolling_place(struct enrolling *enrolling)
{
    int r;

    r = find_device(enrolling);
    if (r != 2)
        return r;
    r = add_device(enrolling);
    return r != 0 ? r : find_device(enrolling);
}
