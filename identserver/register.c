/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Challenges, acknowledgements, and the register's bookkeeping; register-enroll.c has the rest.
 */

#include "register.h"

#include <errno.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "register-internal.h"
#include "token.h"

#define NONCE_SIZE 32
#define NONCE_SEC (10 * 60)

int register_finish(struct database *database, int r)
{
    if (r == 0)
        r = database_commit(database);
    if (r != 0)
        database_rollback(database);
    return r;
}

int register_challenge(struct database *database, const char *serial, time_t now, char **ret_nonce)
{
    _cleanup_free_ char *nonce = NULL;
    int r;

    r = crypto_random_hex(NONCE_SIZE, &nonce);
    if (r < 0)
        return r;
    r = database_begin(database);
    if (r < 0)
        return r;
    r = database_run(database, "DELETE FROM nonces WHERE expires_at < ?", "i", (int64_t)now);
    if (r >= 0)
        r = database_run(database,
                "INSERT INTO nonces (nonce, serial, expires_at) VALUES (?, ?, ?)", "ssi", nonce,
                serial, (int64_t)now + NONCE_SEC);
    r = register_finish(database, r < 0 ? r : 0);
    if (r < 0)
        return r;
    *ret_nonce = STEAL(nonce);
    return 0;
}

/* Whether the device signed for this enrolment with the key of its certificate. */
static int check_proof(const char *id, const char *cert_sha256, const char *certificate_pem,
        const char *proof, struct refusal *ret_refusal)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    char message[ENROLMENT_PROOF_SIZE];
    int size, r;

    size = enrolment_proof(id, cert_sha256, message);
    if (size < 0)
        return size;
    r = crypto_certificate_from_pem(certificate_pem, &certificate);
    if (r < 0)
        return r;
    r = crypto_verify(X509_get0_pubkey(certificate), message, size, proof);
    if (r == -EBADMSG || r == -EKEYREJECTED)
        return refuse(ret_refusal, 422, ENROLMENT_BAD_PROOF,
                "the proof is not signed with the key that was certified");
    return r;
}

/* The device's first identity, by which its batch counts it. */
static int count_device(struct database *database, const char *serial, time_t now)
{
    int r;

    r = database_run(database,
            "UPDATE devices SET enrolled_at = ? WHERE serial = ? AND enrolled_at IS NULL", "is",
            (int64_t)now, serial);
    if (r <= 0)
        return r;
    r = database_run(database,
            "UPDATE batches SET done = done + 1"
            " WHERE name = (SELECT batch FROM devices WHERE serial = ?)",
            "s", serial);
    return r < 0 ? r : 0;
}

/* From here on the device has this credential and no other. */
static int activate(struct database *database, const char *id, const char *token, time_t now,
        struct acknowledged *ret)
{
    int r;

    r = database_run(database,
            "UPDATE enrolments SET state = 'revoked', revoked_at = ?"
            " WHERE serial = ? AND state = 'active'",
            "is", (int64_t)now, ret->serial);
    if (r < 0)
        return r;
    ret->revoked = r > 0;
    if (ret->revoked) {
        r = audit_add(database, now, "revoked", ret->serial, "replaced by a new one");
        if (r < 0)
            return r;
    }
    r = database_run(database,
            "UPDATE enrolments SET state = 'active', acknowledged_at = ? WHERE id = ?", "is",
            (int64_t)now, id);
    if (r >= 0 && *token)
        r = token_use(database, token, now);
    if (r >= 0)
        r = count_device(database, ret->serial, now);
    if (r < 0)
        return r;
    return audit_add(database, now, "acknowledged", ret->serial, id);
}

static int acknowledge(struct database *database, const char *id, const struct ack_request *request,
        time_t now, struct acknowledged *ret, struct refusal *ret_refusal)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    const char *state;
    int r;

    r = database_query(database, &row,
            "SELECT serial, cert_sha256, certificate, state, ack_by, coalesce(token, '')"
            " FROM enrolments WHERE id = ?",
            "s", id);
    if (r < 0)
        return r;
    if (r == 0)
        return refuse(ret_refusal, 410, ENROLMENT_ATTEMPT_EXPIRED,
                "this bench knows of no such enrolment: begin a new attempt");
    ret->serial = database_text(row, 0);
    if (!ret->serial)
        return -ENOMEM;
    if (strcmp((const char *)sqlite3_column_text(row, 1), request->cert_sha256) != 0)
        return refuse(ret_refusal, 422, ENROLMENT_BAD_PROOF,
                "the certificate is not the one that was issued");
    r = check_proof(id, request->cert_sha256, (const char *)sqlite3_column_text(row, 2),
            request->proof, ret_refusal);
    if (r != 0)
        return r;
    state = (const char *)sqlite3_column_text(row, 3);
    if (strcmp(state, "active") == 0)
        return 0;
    if (strcmp(state, "revoked") == 0 || sqlite3_column_int64(row, 4) < now)
        return refuse(ret_refusal, 410, ENROLMENT_ATTEMPT_EXPIRED,
                "the enrolment was not acknowledged in time: begin a new attempt");
    return activate(database, id, (const char *)sqlite3_column_text(row, 5), now, ret);
}

int register_acknowledge(struct database *database, const char *id,
        const struct ack_request *request, time_t now, struct acknowledged *ret,
        struct refusal *ret_refusal)
{
    struct acknowledged acknowledged = {};
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    r = acknowledge(database, id, request, now, &acknowledged, ret_refusal);
    r = register_finish(database, r);
    if (r >= 0)
        *ret = acknowledged;
    else
        free(acknowledged.serial);
    return r;
}

int register_summary(struct database *database, struct register_summary *ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row,
            "SELECT"
            " (SELECT count(*) FROM enrolments WHERE state = 'active'),"
            " (SELECT count(*) FROM enrolments WHERE state = 'pending'),"
            " (SELECT coalesce(sum(quota - used), 0) FROM batches WHERE open)",
            "");
    if (r <= 0)
        return r < 0 ? r : -EIO;
    *ret = (struct register_summary){
            .active = sqlite3_column_int64(row, 0),
            .pending = sqlite3_column_int64(row, 1),
            .places = sqlite3_column_int64(row, 2),
    };
    return 0;
}

int register_ping(struct database *database)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row, "SELECT name FROM batches LIMIT 1", "");

    return r < 0 ? r : 0;
}
