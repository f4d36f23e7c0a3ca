/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may have a certificate: a device that has none yet, one for which an operator made a token,
 * one that shows its present certificate.
 */

#include <string.h>

#include "enrolment-protocol.h"
#include "register-internal.h"
#include "token.h"

/* 1: it has had an identity, also where that holds no more; 0: never. A retired one is refused
 * elsewhere. */
static int had_identity(struct enrolling *enrolling)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;

    return database_query(enrolling->database, &row,
            "SELECT 1 FROM devices"
            " WHERE serial = ? AND enrolled_at IS NOT NULL AND retired_at IS NULL",
            "s", enrolling->request->serial);
}

/* 1: it has one, with its digest; 0: it hasn't. */
static int find_active(struct enrolling *enrolling, char **ret_cert_sha256)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(enrolling->database, &row,
            "SELECT cert_sha256 FROM enrolments WHERE serial = ? AND state = 'active'", "s",
            enrolling->request->serial);
    if (r <= 0)
        return r;
    *ret_cert_sha256 = database_text(row, 0);
    return *ret_cert_sha256 ? 1 : -ENOMEM;
}

static int check_token(struct enrolling *enrolling)
{
    return token_check(enrolling->database, enrolling->request->token, enrolling->request->serial,
            enrolling->now, enrolling->token, enrolling->refusal);
}

static int authorise_enroll(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    int r = had_identity(enrolling);

    if (r < 0)
        return r;
    if (r > 0)
        return refuse(enrolling->refusal, 409, ENROLMENT_ALREADY_ISSUED,
                "serial %s has an identity already: ask the bench operator for a re-assignment",
                request->serial);
    return request->token ? check_token(enrolling) : 0;
}

/* A serial that the bench doesn't know, any more, after its database was put back from a backup, is
 * let in by a token, too. */
static int authorise_reassign(struct enrolling *enrolling)
{
    const struct enroll_request *request = enrolling->request;
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int known, r;

    known = database_query(enrolling->database, &row,
            "SELECT 1 FROM devices WHERE serial = ? AND retired_at IS NULL", "s", request->serial);
    if (known < 0)
        return known;
    if (known && (!request->token || !*request->token))
        return refuse(enrolling->refusal, 403, ENROLMENT_REASSIGN_NOT_AUTHORISED,
                "a re-assignment of serial %s needs a token: ask the bench operator",
                request->serial);
    r = request->token ? check_token(enrolling) : 1;
    if (known || r <= 0)
        return r;
    return refuse(enrolling->refusal, 403, ENROLMENT_REASSIGN_NOT_AUTHORISED,
            "serial %s is not a device of this bench's: ask the bench operator", request->serial);
}

static int authorise_renew(struct enrolling *enrolling)
{
    _cleanup_free_ char *active = NULL;
    int r;

    r = find_active(enrolling, &active);
    if (r < 0)
        return r;
    if (r == 0 || strcmp(active, enrolling->request->peer_sha256) != 0)
        return refuse(enrolling->refusal, 403, ENROLMENT_REASSIGN_NOT_AUTHORISED,
                "the certificate is not the one that serial %s has now: ask the bench operator "
                "for a re-assignment",
                enrolling->request->serial);
    return 0;
}

/* A device that lost an attempt before its end begins another. */
static int release_pending(struct enrolling *enrolling)
{
    const char *serial = enrolling->request->serial;
    int r;

    r = database_run(enrolling->database,
            "UPDATE enrolments SET state = 'revoked', revoked_at = ?"
            " WHERE serial = ? AND state = 'pending'",
            "is", (int64_t)enrolling->now, serial);
    if (r <= 0)
        return r;
    enrolling->enrolled.revoked = true;
    return audit_add(
            enrolling->database, enrolling->now, "revoked", serial, "begun anew before its ack");
}

int enrolling_authorise(struct enrolling *enrolling)
{
    static int (*const authorise[])(struct enrolling *) = {
            [ENROLL_FIRST] = authorise_enroll,
            [ENROLL_REASSIGN] = authorise_reassign,
            [ENROLL_RENEW] = authorise_renew,
    };
    int r;

    r = authorise[enrolling->request->kind](enrolling);
    return r != 0 ? r : release_pending(enrolling);
}
