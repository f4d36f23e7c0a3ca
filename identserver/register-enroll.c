/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An enrolment of any kind, in one transaction: the nonce is used up, the attempt is looked for,
 * the call is authorised, the device gets its place in a batch and its hostname, the certificate is
 * issued and kept. A device that asks again with the same attempt and key gets the same answer.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "enrolment-protocol.h"
#include "register-internal.h"
#include "register.h"

int register_new_uuid(char **ret)
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

static const char *const kinds[] = {
        [ENROLL_FIRST] = "enroll",
        [ENROLL_REASSIGN] = "reassign",
        [ENROLL_RENEW] = "renew",
};

/* Whether it goes on with the attempt that was found. */
static int check_attempt(struct enrolling *enrolling, sqlite3_stmt *row)
{
    const struct enroll_request *request = enrolling->request;
    bool bundle = strcmp((const char *)sqlite3_column_text(row, 5), "bundle") == 0;
    const char *state = (const char *)sqlite3_column_text(row, 2);

    if (strcmp((const char *)sqlite3_column_text(row, 0), request->serial) != 0)
        return refuse(
                enrolling->refusal, 400, ENROLMENT_BAD_REQUEST, "the attempt is another device's");
    if (strcmp((const char *)sqlite3_column_text(row, 6), kinds[request->kind]) != 0)
        return refuse(enrolling->refusal, 400, ENROLMENT_BAD_REQUEST,
                "the attempt was begun by another call");
    if (bundle != request->bundle || (!bundle && strcmp((const char *)sqlite3_column_text(row, 1),
                                                         request->spki_sha256) != 0))
        return refuse(enrolling->refusal, 409, ENROLMENT_SPKI_MISMATCH,
                "the attempt was begun with another key: ask the bench operator for a "
                "re-assignment");
    if (strcmp(state, "revoked") == 0 ||
            (strcmp(state, "pending") == 0 && sqlite3_column_int64(row, 3) < enrolling->now))
        return refuse(enrolling->refusal, 410, ENROLMENT_ATTEMPT_EXPIRED,
                "the attempt was not acknowledged in time: begin a new one");
    if (bundle && strcmp(state, "active") == 0)
        return refuse(enrolling->refusal, 410, ENROLMENT_ATTEMPT_EXPIRED,
                "the bundle was acknowledged, and its key is kept nowhere: begin a new attempt");
    return 0;
}

/*
 * 0: not seen before, or a bundle that is asked again, which gets a new key; 2: seen, and
 * `enrolled` has the same certificate as then.
 */
static int find_attempt(struct enrolling *enrolling)
{
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT serial, spki_sha256, state, ack_by, id, mode, kind, certificate FROM enrolments"
            " WHERE attempt = ? ORDER BY state = 'revoked' LIMIT 1",
            "s", enrolling->request->attempt);
    if (r <= 0)
        return r;
    r = check_attempt(enrolling, row);
    if (r != 0 || enrolling->request->bundle)
        return r;
    enrolled->repeated = true;
    enrolled->ack_by = sqlite3_column_int64(row, 3);
    enrolled->id = database_text(row, 4);
    enrolled->certificate = database_text(row, 7);
    return enrolled->id && enrolled->certificate ? 2 : -ENOMEM;
}

/* The device's key, or, in bundle mode, one that is made here and kept nowhere but in the answer.
 */
static int get_key(
        struct enrolling *enrolling, EVP_PKEY **ret, char ret_sha256[static CRYPTO_SHA256_HEX_SIZE])
{
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    int r;

    if (!enrolling->request->bundle) {
        key = enrolling->request->csr.key;
        EVP_PKEY_up_ref(key);
    } else {
        r = crypto_key_new(&key);
        if (r >= 0)
            r = crypto_key_to_pem(key, &enrolling->enrolled.key);
        if (r < 0)
            return r;
    }
    r = crypto_key_sha256(key, ret_sha256);
    if (r < 0)
        return r;
    *ret = STEAL(key);
    return 0;
}

static int keep(struct enrolling *enrolling, const char *spki_sha256, const char *cert_sha256)
{
    const struct enroll_request *request = enrolling->request;
    const struct enrolled *enrolled = &enrolling->enrolled;
    char event[64];
    int r;

    r = database_run(enrolling->database,
            "INSERT INTO enrolments (id, serial, attempt, kind, mode, token, spki_sha256,"
            " cert_sha256, certificate, state, issued_at, ack_by)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
            "sssssssssii", enrolled->id, request->serial, request->attempt, kinds[request->kind],
            request->bundle ? "bundle" : "csr", *enrolling->token ? enrolling->token : NULL,
            spki_sha256, cert_sha256, enrolled->certificate, (int64_t)enrolling->now,
            enrolled->ack_by);
    if (r < 0)
        return r;
    (void)snprintf(event, sizeof(event), "issued%s%s", request->kind == ENROLL_FIRST ? "" : ", ",
            request->kind == ENROLL_FIRST ? "" : kinds[request->kind]);
    if (request->kind != ENROLL_REASSIGN)
        return audit_add(enrolling->database, enrolling->now, event, request->serial, enrolled->id);
    return audit_add(enrolling->database, enrolling->now, event, request->serial, request->reason);
}

static int issue(struct enrolling *enrolling)
{
    struct enrolled *enrolled = &enrolling->enrolled;
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    struct issued_certificate certificate = {};
    char spki_sha256[CRYPTO_SHA256_HEX_SIZE];
    int r;

    r = get_key(enrolling, &key, spki_sha256);
    if (r < 0)
        return r;
    r = authority_issue(enrolling->authority, enrolling->request->serial, enrolled->hostname,
            enrolled->uuid, key, enrolling->now, &certificate);
    if (r < 0)
        return r;
    enrolled->certificate = certificate.pem;
    enrolled->ack_by = enrolling->now + REGISTER_ACK_SEC;
    r = register_new_uuid(&enrolled->id);
    return r < 0 ? r : keep(enrolling, spki_sha256, certificate.sha256);
}

static int enroll(struct enrolling *enrolling)
{
    int r;

    r = use_nonce(enrolling);
    if (r != 0)
        return r;
    r = find_attempt(enrolling);
    if (r == 2)
        return enrolling_place(enrolling);
    if (r == 0)
        r = enrolling_authorise(enrolling);
    if (r == 0)
        r = enrolling_place(enrolling);
    return r != 0 ? r : issue(enrolling);
}

int register_enroll(struct database *database, const struct authority *authority,
        const struct enroll_request *request, time_t now, struct enrolled *ret,
        struct refusal *ret_refusal)
{
    struct enrolling enrolling = {
            .database = database,
            .authority = authority,
            .request = request,
            .now = now,
            .refusal = ret_refusal,
    };
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
    free(enrolled->country);
    free(enrolled->cloud_endpoint);
    crypto_secret_free(enrolled->key);
    *enrolled = (struct enrolled){};
}
