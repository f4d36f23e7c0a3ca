/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A backup knows nothing of what was revoked since, and a certificate that was revoked must not
 * come back to life with it. The list that the bench published last lies beside the database and
 * outlives it.
 */

#include "restore.h"

#include <stdio.h>

#include "audit.h"
#include "database.h"
#include "init.h"
#include "register-internal.h"
#include "retire.h"

struct taking {
    struct database *database;
    int64_t added;
};

static int take_number(const char *number, time_t revoked_at, void *userdata)
{
    struct taking *taking = userdata;
    int r = database_run(taking->database,
            "INSERT INTO revoked_numbers (number, revoked_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
            "si", number, (int64_t)revoked_at);

    taking->added += r > 0;
    return r < 0 ? r : 0;
}

static int write_down(struct database *database, const struct restored *restored, time_t now)
{
    char detail[128];

    (void)snprintf(detail, sizeof(detail),
            "by the list published last: %lld certificates, and %lld that the backup has not",
            (long long)restored->revoked, (long long)restored->unknown);
    return audit_add(database, now, "revoked", "", detail);
}

/* All of them by their numbers; those that the register has are then its own. */
static int take_over(
        struct database *database, struct crypto_crl *list, time_t now, struct restored *ret)
{
    struct taking taking = {.database = database};
    struct restored restored;
    int r;

    r = crypto_crl_each(list, take_number, &taking);
    if (r < 0)
        return r;
    r = database_run(database,
            "UPDATE enrolments SET state = 'revoked', revoked_at ="
            " (SELECT revoked_at FROM revoked_numbers"
            "  WHERE number = certificate_number(certificate))"
            " WHERE state <> 'revoked'"
            " AND certificate_number(certificate) IN (SELECT number FROM revoked_numbers)",
            "");
    if (r < 0)
        return r;
    restored.revoked = r;
    r = database_run(database,
            "DELETE FROM revoked_numbers WHERE number IN"
            " (SELECT certificate_number(certificate) FROM enrolments WHERE state = 'revoked')",
            "");
    if (r < 0)
        return r;
    restored.unknown = taking.added - r;
    *ret = restored;
    return restored.revoked + restored.unknown > 0 ? write_down(database, &restored, now) : 0;
}

static int bring_up_to_date(
        const char *path, struct crypto_crl *list, time_t now, struct restored *ret)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    int r;

    r = database_open(path, &database);
    if (r >= 0 && list) {
        r = database_begin(database);
        if (r >= 0)
            r = register_finish(database, take_over(database, list, now, ret));
    }
    return r < 0 ? r : retire_unknown(database, now);
}

int restore_bench(
        const char *directory, const char *file, struct crypto_crl *list, struct restored *ret)
{
    _cleanup_free_ char *path = NULL, *aside = NULL;
    struct restored restored = {};
    int r;

    if (asprintf(&path, "%s/" DATABASE_NAME, directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    /* Under another name, until the copy knows that it is one. */
    if (asprintf(&aside, "%s.restored", path) < 0) {
        aside = NULL;
        return -ENOMEM;
    }
    /* Power may have gone after the copy got its name. */
    r = database_remove(aside);
    if (r >= 0)
        r = database_is_free(path);
    if (r >= 0)
        r = database_copy(file, aside);
    if (r >= 0)
        r = bring_up_to_date(aside, list, time(NULL), &restored);
    if (r >= 0)
        r = database_copy(aside, path);
    (void)database_remove(aside);
    if (r < 0)
        return r;
    *ret = restored;
    return 0;
}
