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
/* Some million certificates. */
#define LIST_SIZE_MAX (256 * 1024 * 1024)
/* The clock may be set: so often somebody looks whether the list is still one of today. */
#define LOOK_SEC (60 * 60)
/* A line that revokes much shall not sign a list for each. */
#define DELAY_SEC 1

struct revocation {
    struct database *database;
    const struct authority *authority;
    char *path;
    sd_event_source *timer;
    uint64_t signed_usec; /* CLOCK_BOOTTIME */
    time_t signed_at;
    bool changed; /* since then, or the file has not been written */
    uint8_t *der;
    size_t der_size;
};

static int add_certificate(struct crypto_crl *crl, sqlite3_stmt *row)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    int r;

    r = crypto_certificate_from_pem((const char *)sqlite3_column_text(row, 0), &certificate);
    return r < 0 ? r : crypto_crl_add(crl, certificate, sqlite3_column_int64(row, 1));
}

/* One that the register has heard of by its number alone; see restore.h. */
static int add_number(struct crypto_crl *crl, sqlite3_stmt *row)
{
    return crypto_crl_add_number(
            crl, (const char *)sqlite3_column_text(row, 0), sqlite3_column_int64(row, 1));
}

static int add_all(struct revocation *revocation, const char *sql,
        int (*add)(struct crypto_crl *crl, sqlite3_stmt *row), struct crypto_crl *crl)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r, code;

    r = database_query(revocation->database, &row, sql, "");
    if (r <= 0)
        return r;
    do {
        r = add(crl, row);
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
        r = add_all(revocation,
                "SELECT certificate, revoked_at FROM enrolments WHERE state = 'revoked'",
                add_certificate, crl);
    if (r >= 0)
        r = add_all(revocation, "SELECT number, revoked_at FROM revoked_numbers", add_number, crl);
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
    revocation->signed_at = now;
    (void)sd_event_now(
            sd_event_source_get_event(revocation->timer), CLOCK_BOOTTIME, &revocation->signed_usec);
    r = unbox_store_write(revocation->path, pem, strlen(pem), 0644, -1, -1);
    revocation->changed = r < 0;
    return r;
}

static bool is_stale(const struct revocation *revocation, time_t now)
{
    return !revocation->der || now < revocation->signed_at ||
           now >= revocation->signed_at + DAY_SEC;
}

unsigned revocation_refresh(struct revocation *revocation, time_t now)
{
    int r = 0;

    if (revocation->changed || is_stale(revocation, now))
        r = publish(revocation, now);
    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't publish the list of revoked certificates");
    return r < 0 ? RETRY_SEC : LOOK_SEC;
}

static void arm(struct revocation *revocation, uint64_t usec)
{
    (void)sd_event_source_set_time_relative(revocation->timer, usec);
    (void)sd_event_source_set_enabled(revocation->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct revocation *revocation = userdata;

    arm(revocation, revocation_refresh(revocation, time(NULL)) * USEC_PER_SEC);
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
    /* Nobody would see it before the next start, nor ever, should the database be lost till then.
     */
    if (revocation->changed)
        (void)revocation_refresh(revocation, time(NULL));
    sd_event_source_disable_unref(revocation->timer);
    free(revocation->path);
    free(revocation->der);
    free(revocation);
    return NULL;
}

int revocation_read(const char *directory, struct crypto_crl **ret)
{
    _cleanup_free_ char *path = NULL, *pem = NULL;
    _cleanup_(X509_free_p) X509 *issuer = NULL;
    int r;

    if (asprintf(&path, "%s/" REVOCATION_NAME, directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(path, LIST_SIZE_MAX, &pem, NULL);
    if (r < 0)
        return r;
    r = authority_load_certificate(directory, &issuer);
    if (r < 0)
        return r == -ENOMEM ? r : -ENOKEY;
    return crypto_crl_from_pem(pem, issuer, ret);
}

void revocation_changed(struct revocation *revocation)
{
    uint64_t now = 0, next = revocation->signed_usec + DELAY_SEC * USEC_PER_SEC;

    revocation->changed = true;
    (void)sd_event_now(sd_event_source_get_event(revocation->timer), CLOCK_BOOTTIME, &now);
    if (now < next)
        arm(revocation, next - now);
    else
        (void)on_timer(revocation->timer, 0, revocation);
}

const void *revocation_der(struct revocation *revocation, time_t now, size_t *ret_size)
{
    if (is_stale(revocation, now))
        (void)revocation_refresh(revocation, now);
    *ret_size = revocation->der_size;
    return revocation->der;
}
