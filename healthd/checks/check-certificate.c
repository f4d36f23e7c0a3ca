/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A certificate in PEM is still valid for some days. A module: it brings OpenSSL. */

#include <stdio.h>
#include <string.h>

#include "check-work.h"
#include "crypto.h"
#include "unbox/store.h"

#define FILE_MAX (64 * 1024)
#define SECONDS_PER_DAY (24 * 60 * 60)

struct certificate {
    struct check_work work; /* first */
    int64_t wanted;         /* days */
};

extern const struct check_type check_certificate;
int certificate_not_after(const char *path, time_t *ret);

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

static int look(int output, const char *path)
{
    time_t not_after;
    int r = certificate_not_after(path, &not_after);

    if (r < 0)
        return r;
    return dprintf(output, "%lld", (long long)not_after) < 0 ? -errno : 0;
}

static void certificate_found(struct check *check, int status, const char *output)
{
    const struct certificate *certificate = check->data;
    long long not_after = strtoll(output, NULL, 10), now = time(NULL);
    long long days = (not_after - now) / SECONDS_PER_DAY;

    if (status == EBADMSG)
        check_done(check, CHECK_FAILING, "is no certificate");
    else if (status != 0)
        check_done_errno(check, -status);
    else if (not_after <= now)
        check_done(check, CHECK_FAILING, "has expired");
    else if (days < certificate->wanted)
        check_done(check, CHECK_FAILING, "expires in %lld days, %lld are wanted", days,
                (long long)certificate->wanted);
    else
        check_done(check, CHECK_OK, "is valid for %lld days", days);
}

static int certificate_open(struct check *check, const struct unbox_config_row *row)
{
    struct certificate *certificate = check->data = calloc(1, sizeof(*certificate));

    if (!certificate)
        return -ENOMEM;
    certificate->work.work = look;
    certificate->work.found = certificate_found;
    certificate->wanted = unbox_config_row_int(row, "min_days");
    check->target = strdup(unbox_config_row_string(row, "path"));
    return check->target ? 0 : -ENOMEM;
}

const struct check_type check_certificate = {
        .name = "certificate",
        .open = certificate_open,
        .start = check_work_start,
        .cancel = check_work_cancel,
        .close = check_work_close,
};
