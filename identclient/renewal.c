/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the present credentials for a renewal; they have to hold, or the server refuses them. */

#include "renewal.h"

#include <errno.h>
#include <stdio.h>

#include "identity.h"
#include "kind.h"
#include "unbox/store.h"

#define FILE_SIZE_MAX (128 * 1024)

time_t renewal_moment(time_t begins_at, time_t ends_at)
{
    return ends_at - (ends_at - begins_at) / 3;
}

static int read_current(const char *directory, const char *name, char **ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/current/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return unbox_store_read(path, FILE_SIZE_MAX, ret, NULL);
}

/* Power may have gone after the new ones became current: then only its end is missing. */
static bool is_begun(const char *directory, bool *ret_held)
{
    const struct attempt_terms terms = {.kind = kind_renew.name};
    _cleanup_(attempt_done) struct attempt attempt = {};

    if (identity_attempt_load(directory, &terms, &attempt) < 0)
        return false;
    *ret_held = attempt.stored;
    return true;
}

int renewal_load(
        const char *directory, const struct credentials_wanted *wanted, struct renewal *ret)
{
    _cleanup_(credentials_done) struct credentials credentials = {};
    _cleanup_(renewal_done) struct renewal renewal = {};
    bool begun = is_begun(directory, &renewal.held);
    time_t begins_at;
    int r;

    /* The server may have revoked the present ones, and only its answer was lost. */
    if (renewal.held) {
        ret->due = ret->held = true;
        return 0;
    }
    r = identity_current(directory, wanted, &credentials);
    if (r >= 0)
        r = crypto_certificate_not_before(credentials.certificate, &begins_at);
    if (r >= 0)
        r = crypto_certificate_not_after(credentials.certificate, &renewal.ends_at);
    if (r >= 0)
        r = read_current(directory, CREDENTIALS_CERTIFICATE, &renewal.certificate_pem);
    if (r >= 0)
        r = read_current(directory, CREDENTIALS_KEY, &renewal.key_pem);
    if (r < 0)
        return r;
    renewal.due_at = renewal_moment(begins_at, renewal.ends_at);
    renewal.due = begun || wanted->now >= renewal.due_at;
    *ret = renewal;
    renewal = (struct renewal){};
    return 0;
}

void renewal_done(struct renewal *renewal)
{
    free(renewal->certificate_pem);
    crypto_secret_free(renewal->key_pem);
    *renewal = (struct renewal){};
}
