/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate in PEM is still valid for some days. A module: it brings OpenSSL. */

#include <string.h>

#include "check.h"
#include "crypto.h"
#include "unbox/store.h"

#define FILE_MAX (64 * 1024)
#define SECONDS_PER_DAY (24 * 60 * 60)

extern const struct check_type check_certificate;
int certificate_not_after(const char *path, time_t *ret);

static int certificate_open(struct check *check, const struct unbox_config_row *row)
{
    int64_t *days = check->data = malloc(sizeof(*days));

    if (!days)
        return -ENOMEM;
    *days = unbox_config_row_int(row, "min_days");
    check->target = strdup(unbox_config_row_string(row, "path"));
    return check->target ? 0 : -ENOMEM;
}

/* For get_system, too. */
int certificate_not_after(const char *path, time_t *ret)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    _cleanup_free_ char *pem = NULL;
    int r;

    r = unbox_store_read(path, FILE_MAX, &pem, NULL);
    if (r < 0)
        return r;
    r = crypto_certificate_from_pem(pem, &certificate);
    if (r < 0)
        return r;
    return crypto_certificate_not_after(certificate, ret);
}

static int certificate_start(struct check *check)
{
    const int64_t *wanted = check->data;
    time_t not_after;
    int64_t days;
    int r;

    r = certificate_not_after(check->target, &not_after);
    if (r == -EBADMSG) {
        check_done(check, CHECK_FAILING, "is no certificate");
        return 0;
    }
    if (r < 0)
        return r;
    days = (not_after - time(NULL)) / SECONDS_PER_DAY;
    if (not_after <= time(NULL))
        check_done(check, CHECK_FAILING, "has expired");
    else if (days < *wanted)
        check_done(check, CHECK_FAILING, "expires in %lld days, %lld are wanted", (long long)days,
                (long long)*wanted);
    else
        check_done(check, CHECK_OK, "is valid for %lld days", (long long)days);
    return 0;
}

const struct check_type check_certificate = {
        .name = "certificate",
        .open = certificate_open,
        .start = certificate_start,
};
