/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Making a bench, keeping its database, filling its lists. Nothing here overwrites anything. */

#include "tool.h"

#include <errno.h>
#include <stdio.h>

#include "allow.h"
#include "authority.h"
#include "database.h"
#include "retire.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "unbox/store.h"

#define CSV_MAX (64 * 1024 * 1024)

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

/* Under another name, until the copy knows that it is one. */
static int restore(const char *file, const char *aside, const char *path)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    int r;

    r = database_copy(file, aside);
    if (r >= 0)
        r = database_open(aside, &database);
    if (r >= 0)
        r = retire_unknown(database, time(NULL));
    database = database_free(database);
    return r < 0 ? r : database_copy(aside, path);
}

int tool_restore(const char *directory, const char *file)
{
    _cleanup_free_ char *path = NULL, *aside = NULL;
    int r;

    r = database_path(directory, &path);
    if (r >= 0 && asprintf(&aside, "%s/" DATABASE_NAME ".restored", directory) < 0) {
        aside = NULL;
        r = -ENOMEM;
    }
    if (r >= 0)
        r = database_is_free(path);
    if (r >= 0)
        r = database_remove(aside);
    if (r >= 0)
        r = restore(file, aside, path);
    if (aside)
        (void)database_remove(aside);
    if (r < 0)
        return copy_failed(r, file, path);
    unbox_log(LOG_NOTICE,
            "Put %s back. What was enrolled since it was made is unknown: numbers that may have "
            "been given are passed over, and every batch is closed; look, and open them again",
            file);
    return UNBOX_EXIT_OK;
}

static int allow(const char *path, const char *batch, const char *csv)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    struct refusal refusal = {};
    uint64_t count;
    int r;

    r = database_open(path, &database);
    if (r >= 0)
        r = allow_import(database, batch, csv, time(NULL), &count, &refusal);
    if (r > 0)
        unbox_log(LOG_ERR, "Nothing was added: %s", refusal.detail);
    else if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't add to the list of %s", batch);
    else
        unbox_log(LOG_NOTICE, "Added %llu serials to the list of %s", (unsigned long long)count,
                batch);
    return r == 0 ? UNBOX_EXIT_OK : UNBOX_EXIT_FAILURE;
}

int tool_allow(const char *directory, const char *batch, const char *file)
{
    _cleanup_free_ char *path = NULL, *csv = NULL;
    int r;

    r = database_path(directory, &path);
    if (r >= 0)
        r = unbox_store_read(file, CSV_MAX, &csv, NULL);
    if (r < 0) {
        (void)unbox_log_errno(LOG_ERR, r, "Can't read %s", file);
        return UNBOX_EXIT_FAILURE;
    }
    return allow(path, batch, csv);
}
