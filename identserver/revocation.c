/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Publishes what was revoked. The register is the truth; the list can always be made again. */

#include "revocation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unbox/log.h"
#include "unbox/store.h"

#define DAY_SEC (24 * 60 * 60)
#define VALID_SEC (7 * DAY_SEC)
#define RETRY_SEC 60
/* A line that revokes much shall not sign a list for each. */
#define DELAY_SEC 1

struct revocation {
    struct database *database;
    const struct authority *authority;
    char *path;
    sd_event_source *timer;
    uint8_t *der;
    size_t der_size;
};

static int add_row(struct crypto_crl *crl, sqlite3_stmt *row)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    int r;

    r = crypto_certificate_from_pem((const char *)sqlite3_column_text(row, 0), &certificate);
    return r < 0 ? r : crypto_crl_add(crl, certificate, sqlite3_column_int64(row, 1));
}

static int add_all(struct revocation *revocation, struct crypto_crl *crl)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r, code;

    r = database_query(revocation->database, &row,
            "SELECT certificate, revoked_at FROM enrolments WHERE state = 'revoked'", "");
    if (r <= 0)
        return r;
    do {
        r = add_row(crl, row);
        if (r < 0)
            return r;
        code = sqlite3_step(row);
    } while (code == SQLITE_ROW);
    return code == SQLITE_DONE ? 0 : -EIO;
}

static int publish(struct revocation *revocation, time_t now)
{
    _cleanup_(crypto_crl_free_p) struct crypto_crl *crl = NULL;
    _cleanup_free_ uint8_t *der = NULL;
    _cleanup_free_ char *pem = NULL;
    size_t size;
    int r;

    r = authority_crl_new(revocation->authority, &crl);
    if (r >= 0)
        r = add_all(revocation, crl);
    if (r >= 0)
        r = authority_crl_sign(revocation->authority, crl, now, now + VALID_SEC);
    if (r >= 0)
        r = crypto_crl_to_der(crl, &der, &size);
    if (r >= 0)
        r = crypto_crl_to_pem(crl, &pem);
    if (r < 0)
        return r;
    free(revocation->der);
    revocation->der = STEAL(der);
    revocation->der_size = size;
    return unbox_store_write(revocation->path, pem, strlen(pem), 0644, -1, -1);
}

static void arm(struct revocation *revocation, uint64_t sec)
{
    (void)sd_event_source_set_time_relative(revocation->timer, sec * USEC_PER_SEC);
    (void)sd_event_source_set_enabled(revocation->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct revocation *revocation = userdata;
    int r = publish(revocation, time(NULL));

    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't publish the list of revoked certificates");
    arm(revocation, r < 0 ? RETRY_SEC : DAY_SEC);
    return 0;
}

int revocation_new(sd_event *event, struct database *database, const struct authority *authority,
        const char *directory, struct revocation **ret)
{
    _cleanup_(revocation_free_p) struct revocation *revocation = calloc(1, sizeof(*revocation));
    int r;

    if (!revocation)
        return -ENOMEM;
    revocation->database = database;
    revocation->authority = authority;
    if (asprintf(&revocation->path, "%s/" REVOCATION_NAME, directory) < 0) {
        revocation->path = NULL;
        return -ENOMEM;
    }
    r = sd_event_add_time_relative(
            event, &revocation->timer, CLOCK_BOOTTIME, 0, USEC_PER_SEC, on_timer, revocation);
    if (r < 0)
        return r;
    (void)sd_event_source_set_description(revocation->timer, "revocation");
    (void)on_timer(revocation->timer, 0, revocation);
    *ret = STEAL(revocation);
    return 0;
}

struct revocation *revocation_free(struct revocation *revocation)
{
    if (!revocation)
        return NULL;
    sd_event_source_disable_unref(revocation->timer);
    free(revocation->path);
    free(revocation->der);
    free(revocation);
    return NULL;
}

void revocation_changed(struct revocation *revocation)
{
    arm(revocation, DELAY_SEC);
}

const void *revocation_der(const struct revocation *revocation, size_t *ret_size)
{
    *ret_size = revocation->der_size;
    return revocation->der;
}
