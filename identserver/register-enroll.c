/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An enrolment, in one transaction: the nonce is used up, the attempt is looked for, the device
 * gets its place in a batch and its hostname, the certificate is issued and kept. A device that
 * asks again with the same attempt and key gets the same answer.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "enrolment-protocol.h"
#include "register-internal.h"
#include "register.h"

#define HOSTNAME_MAX 63

/* One enrolment under way. */
struct enrolling {
    struct database *database;
    const struct authority *authority;
    const struct enroll_request *request;
    time_t now;
    struct enrolled enrolled;
    struct refusal *refusal;
};

static int new_uuid(char **ret)
{
    char text[SD_ID128_UUID_STRING_MAX];
    sd_id128_t id;
    char *uuid;
    int r;

    r = sd_id128_randomize(&id);
    if (r < 0)
        return r;
    uuid = strdup(sd_id128_to_uuid_string(id, text));
    if (!uuid)
        return -ENOMEM;
    *ret = uuid;
    return 0;
}

static int use_nonce(struct enrolling *enrolling)
{
    int r;

    r = database_run(enrolling->database,
            "DELETE FROM nonces WHERE nonce = ? AND serial = ? AND expires_at >= ?", "ssi",
            enrolling->request->nonce, enrolling->request->serial, (int64_t)enrolling->now);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(enrolling->refusal, 422, ENROLMENT_NONCE_EXPIRED,
                "the nonce is unknown, used or too old: ask for another challenge");
    return 0;
}

/* 0: not seen before; 2: seen, and `enrolled` is the same answer as then. */
static int find_attempt(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    const char *state;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT serial, spki_sha256, state, ack_by, id, hostname, uuid, certificate"
            " FROM enrolments JOIN devices USING (serial) WHERE attempt = ?",
            "s", request->attempt);
    if (r <= 0)
        return r;
    if (strcmp((const char *)sqlite3_column_text(row, 0), request->serial) != 0)
        return refuse(
                enrolling->refusal, 400, ENROLMENT_BAD_REQUEST, "the attempt is another device's");
    if (strcmp((const char *)sqlite3_column_text(row, 1), request->spki_sha256) != 0)
        return refuse(enrolling->refusal, 409, ENROLMENT_SPKI_MISMATCH,
                "the attempt was begun with another key");
    state = (const char *)sqlite3_column_text(row, 2);
    enrolled->ack_by = sqlite3_column_int64(row, 3);
    if (strcmp(state, "revoked") == 0 ||
            (strcmp(state, "pending") == 0 && enrolled->ack_by < enrolling->now))
        return refuse(enrolling->refusal, 410, ENROLMENT_ATTEMPT_EXPIRED,
                "the attempt was not acknowledged in time");
    enrolled->repeated = true;
    enrolled->id = database_text(row, 4);
    enrolled->hostname = database_text(row, 5);
    enrolled->uuid = database_text(row, 6);
    enrolled->certificate = database_text(row, 7);
    if (!enrolled->id || !enrolled->hostname || !enrolled->uuid || !enrolled->certificate)
        return -ENOMEM;
    return 2;
}

/* A device that lost an attempt before its end begins another; one that came to the end may not. */
static int release_earlier(struct enrolling *enrolling)
{
    const char *serial = enrolling->request->serial;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT id FROM enrolments WHERE serial = ? AND state = 'active'", "s", serial);
    if (r < 0)
        return r;
    if (r > 0)
        return refuse(enrolling->refusal, 409, ENROLMENT_ALREADY_ISSUED,
                "serial %s has an identity already", serial);
    r = database_run(enrolling->database,
            "UPDATE enrolments SET state = 'revoked', revoked_at = ?"
            " WHERE serial = ? AND state = 'pending'",
            "is", (int64_t)enrolling->now, serial);
    if (r <= 0)
        return r;
    return register_audit(
            enrolling->database, enrolling->now, "revoked", serial, "begun anew before its ack");
}

/* A place in the batch that the device names, or in the oldest open one. */
static int take_place(struct enrolling *enrolling, char **ret_batch, char **ret_pool)
{
    const char *wanted = enrolling->request->batch;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_free_ char *batch = NULL, *pool = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT name, pool, quota FROM batches WHERE open AND (name = ?1 OR ?1 = '')"
            " ORDER BY created_at, rowid",
            "s", wanted);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(enrolling->refusal, 403, ENROLMENT_BATCH_CLOSED, "%s%s is not open",
                *wanted ? "batch " : "a batch", wanted);
    batch = database_text(row, 0);
    pool = database_text(row, 1);
    if (!batch || !pool)
        return -ENOMEM;
    r = database_run(enrolling->database,
            "UPDATE batches SET used = used + 1 WHERE name = ? AND used < quota", "s", batch);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(enrolling->refusal, 403, ENROLMENT_BATCH_CLOSED,
                "batch %s is full (%lld devices)", batch, (long long)sqlite3_column_int64(row, 2));
    *ret_batch = STEAL(batch);
    *ret_pool = STEAL(pool);
    return 0;
}

/* The pool's next name that was never given; the number is never used twice. */
static int take_hostname(struct enrolling *enrolling, const char *pool, char **ret)
{
    struct database *database = enrolling->database;
    char hostname[HOSTNAME_MAX + 1];
    char *copy;
    int r;

    do {
        _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;

        r = database_query(database, &row,
                "UPDATE hostname_pools SET next = next + 1 WHERE prefix = ?"
                " RETURNING printf('%s-%03d', prefix, next - 1)",
                "s", pool);
        if (r <= 0)
            return r < 0 ? r : -EUCLEAN;
        (void)snprintf(hostname, sizeof(hostname), "%s", sqlite3_column_text(row, 0));
        r = database_run(database,
                "INSERT OR IGNORE INTO hostnames (hostname, serial, given_at) VALUES (?, ?, ?)",
                "ssi", hostname, enrolling->request->serial, (int64_t)enrolling->now);
        if (r < 0)
            return r;
    } while (r == 0);
    copy = strdup(hostname);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

static int add_device(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_free_ char *batch = NULL, *pool = NULL;
    int r;

    r = take_place(enrolling, &batch, &pool);
    if (r != 0)
        return r;
    r = take_hostname(enrolling, pool, &enrolled->hostname);
    if (r < 0)
        return r;
    r = new_uuid(&enrolled->uuid);
    if (r < 0)
        return r;
    r = database_run(enrolling->database,
            "INSERT INTO devices"
            " (serial, uuid, batch, hostname, product, hw_rev, macs, first_seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            "sssssssi", request->serial, enrolled->uuid, batch, enrolled->hostname,
            request->product, request->hw_rev, request->macs, (int64_t)enrolling->now);
    return r < 0 ? r : 0;
}

/* A serial keeps its hostname, UUID and place, however often it begins anew. */
static int find_or_add_device(struct enrolling *enrolling)
{
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT hostname, uuid FROM devices WHERE serial = ?", "s", enrolling->request->serial);
    if (r < 0)
        return r;
    if (r == 0)
        return add_device(enrolling);
    enrolled->hostname = database_text(row, 0);
    enrolled->uuid = database_text(row, 1);
    return enrolled->hostname && enrolled->uuid ? 0 : -ENOMEM;
}

static int issue(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    struct enrolled *enrolled = &enrolling->enrolled;
    struct issued_certificate certificate = {};
    int r;

    r = authority_issue(enrolling->authority, request->serial, enrolled->hostname, enrolled->uuid,
            request->csr.key, enrolling->now, &certificate);
    if (r < 0)
        return r;
    enrolled->certificate = certificate.pem;
    enrolled->ack_by = enrolling->now + REGISTER_ACK_SEC;
    r = new_uuid(&enrolled->id);
    if (r < 0)
        return r;
    r = database_run(enrolling->database,
            "INSERT INTO enrolments (id, serial, attempt, spki_sha256, cert_sha256, certificate,"
            " state, issued_at, ack_by) VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
            "ssssssii", enrolled->id, request->serial, request->attempt, request->spki_sha256,
            certificate.sha256, certificate.pem, (int64_t)enrolling->now, enrolled->ack_by);
    if (r < 0)
        return r;
    return register_audit(
            enrolling->database, enrolling->now, "issued", request->serial, enrolled->id);
}

static int enroll(struct enrolling *enrolling)
{
    int r;

    r = use_nonce(enrolling);
    if (r != 0)
        return r;
    r = find_attempt(enrolling);
    if (r != 0)
        return r == 2 ? 0 : r;
    r = release_earlier(enrolling);
    if (r != 0)
        return r;
    r = find_or_add_device(enrolling);
    if (r != 0)
        return r;
    return issue(enrolling);
}

int register_enroll(struct database *database, const struct authority *authority,
        const struct enroll_request *request, time_t now, struct enrolled *ret,
        struct refusal *ret_refusal)
{
    struct enrolling enrolling = {.database = database,
            .authority = authority,
            .request = request,
            .now = now,
            .refusal = ret_refusal};
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    r = enroll(&enrolling);
    r = register_finish(database, r);
    if (r == 0)
        *ret = enrolling.enrolled;
    else
        enrolled_done(&enrolling.enrolled);
    return r;
}

void enrolled_done(struct enrolled *enrolled)
{
    free(enrolled->id);
    free(enrolled->hostname);
    free(enrolled->uuid);
    free(enrolled->certificate);
    *enrolled = (struct enrolled){};
}
