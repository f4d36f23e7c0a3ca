/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making a bench, keeping its database, filling its lists. Nothing here overwrites anything. */

#include "tool.h"

#include <errno.h>
#include <stdio.h>

#include "audit.h"
#include "authority.h"
#include "database.h"
#include "restore.h"
#include "revocation.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "unbox/store.h"

int tool_init(const struct init_options *bench)
{
    int r = init_bench(bench);

    if (r == -EEXIST)
        unbox_log(LOG_ERR, "There is a bench in %s, or a part of one: nothing was changed",
                bench->directory);
    else if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't make a bench in %s", bench->directory);
    else
        unbox_log(LOG_NOTICE, "A bench for %s is ready in %s; devices need its %s", bench->address,
                bench->directory, AUTHORITY_CERTIFICATE);
    return r < 0 ? UNBOX_EXIT_FAILURE : UNBOX_EXIT_OK;
}

static int database_path(const char *directory, char **ret)
{
    if (asprintf(ret, "%s/" DATABASE_NAME, directory) < 0) {
        *ret = NULL;
        return -ENOMEM;
    }
    return 0;
}

/* Why `from` did not become `to`. */
static int copy_failed(int r, const char *from, const char *to)
{
    if (r == -EEXIST)
        unbox_log(LOG_ERR,
                "There is a %s already, or its -wal or -shm: move them away; nothing was changed",
                to);
    else if (r == -EUCLEAN)
        unbox_log(LOG_ERR, "%s is damaged or not a bench's database; nothing was changed", from);
    else if (r == -EPROTONOSUPPORT)
        unbox_log(LOG_ERR, "%s is a later identserver's; nothing was changed", from);
    else
        (void)unbox_log_errno(LOG_ERR, r, "Can't copy %s to %s", from, to);
    return UNBOX_EXIT_FAILURE;
}

int tool_backup(const char *directory, const char *file)
{
    _cleanup_free_ char *path = NULL;
    int r;

    r = database_path(directory, &path);
    if (r >= 0)
        r = database_copy(path, file);
    if (r < 0)
        return copy_failed(r, path, file);
    unbox_log(LOG_NOTICE, "Copied the register to %s; the CA's key is not in it", file);
    return UNBOX_EXIT_OK;
}

/* The list can't say what was revoked, and that is not passed over in silence. */
static int list_failed(int r, const char *directory)
{
    static const char *const advice =
            "put the bench's own there, or move it away and revoke again by hand; nothing was "
            "changed";

    if (r == -EKEYREJECTED)
        unbox_log(LOG_ERR, "%s/%s is the list of another CA than %s: %s", directory,
                REVOCATION_NAME, AUTHORITY_CERTIFICATE, advice);
    else if (r == -EBADMSG)
        unbox_log(LOG_ERR, "%s/%s is no list of revoked certificates: %s", directory,
                REVOCATION_NAME, advice);
    else if (r == -ENOKEY)
        unbox_log(LOG_ERR,
                "There is no CA's certificate (%s) in %s to hold its %s against; nothing was "
                "changed",
                AUTHORITY_CERTIFICATE, directory, REVOCATION_NAME);
    else
        (void)unbox_log_errno(LOG_ERR, r, "Can't read %s/%s", directory, REVOCATION_NAME);
    return UNBOX_EXIT_FAILURE;
}

int tool_restore(const char *directory, const char *file)
{
    _cleanup_(crypto_crl_free_p) struct crypto_crl *list = NULL;
    _cleanup_free_ char *path = NULL;
    struct restored restored;
    int r;

    r = revocation_read(directory, &list);
    if (r < 0 && r != -ENOENT)
        return list_failed(r, directory);
    r = database_path(directory, &path);
    if (r >= 0)
        r = restore_bench(directory, file, list, &restored);
    if (r < 0)
        return copy_failed(r, file, path);
    if (list)
        unbox_log(LOG_NOTICE,
                "Revoked since the backup, by " REVOCATION_NAME
                ": %lld of its certificates, and %lld that it has not",
                (long long)restored.revoked, (long long)restored.unknown);
    else
        unbox_log(LOG_WARNING,
                "There is no %s/%s: what was revoked since the backup holds again, until it is "
                "revoked again",
                directory, REVOCATION_NAME);
    unbox_log(LOG_NOTICE,
            "Put %s back. What else happened since it was made is unknown: numbers that may have "
            "been given are passed over, tokens hold no more, and every batch is closed. Retire "
            "again the hostnames that were retired since; look, and open the batches again",
            file);
    return UNBOX_EXIT_OK;
}

static int report(const char *path, const struct audit_state *audit, const char *known)
{
    if (audit->broken > 0)
        unbox_log(LOG_ERR,
                "%s: entry %lld of the audit was changed, or put in, or the one before it was "
                "taken "
                "out, and not by this program",
                path, (long long)audit->broken);
    else if (*known && !audit->known)
        unbox_log(LOG_ERR,
                "%s: no entry of the audit has the hash %s (any more): its end was cut off, or "
                "this is an older copy",
                path, known);
    else
        unbox_log(LOG_NOTICE,
                "%s is whole; its audit has %lld entries, the last one with the hash %s", path,
                (long long)audit->entries, audit->last);
    return audit->broken > 0 || (*known && !audit->known) ? UNBOX_EXIT_FAILURE : UNBOX_EXIT_OK;
}

int tool_check(const char *directory, const char *known)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    _cleanup_free_ char *path = NULL;
    struct audit_state audit;
    int r;

    r = database_path(directory, &path);
    if (r >= 0)
        r = database_inspect(path, &database);
    if (r >= 0)
        r = audit_check(database, known, &audit);
    if (r >= 0)
        return report(path, &audit, known);
    if (r == -EUCLEAN)
        unbox_log(LOG_ERR, "%s is damaged or not a bench's database", path);
    else if (r == -ESTALE)
        unbox_log(LOG_ERR, "%s is an earlier identserver's: start this one once", path);
    else
        (void)unbox_log_errno(LOG_ERR, r, "Can't look at the database");
    return UNBOX_EXIT_FAILURE;
}
