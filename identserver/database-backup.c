/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Copies by SQLite's own means: a copied file would lack what is still in the write-ahead log. The
 * copy is made aside, and gets its name when it is whole.
 */

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "database-internal.h"

/* What SQLite keeps beside a database belongs to that one and would be put into another. */
static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};

static int copy_pages(struct database *from, struct database *to)
{
    sqlite3_backup *backup;
    int code;

    backup = sqlite3_backup_init(to->sqlite, "main", from->sqlite, "main");
    if (!backup)
        return database_translate(sqlite3_errcode(to->sqlite));
    database_crash_point();
    code = sqlite3_backup_step(backup, -1);
    (void)sqlite3_backup_finish(backup);
    database_crash_point();
    return code == SQLITE_DONE ? 0 : database_translate(code) ?: -EIO;
}

static int copy_to_new(const char *from_path, const char *to_path)
{
    _cleanup_(database_free_p) struct database *from = NULL, *to = NULL;
    _cleanup_close_ int fd = -1;
    int64_t version;
    int r;

    r = database_open_file(from_path, SQLITE_OPEN_READWRITE, &from);
    if (r >= 0)
        r = database_check(from, &version);
    if (r < 0)
        return r;
    fd = open(to_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    r = database_open_file(to_path, SQLITE_OPEN_READWRITE, &to);
    if (r >= 0)
        r = copy_pages(from, to);
    if (r >= 0)
        r = database_check(to, &version);
    return r;
}

int database_remove(const char *path)
{
    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
        _cleanup_free_ char *name = NULL;

        if (asprintf(&name, "%s%s", path, suffixes[i]) < 0) {
            name = NULL;
            return -ENOMEM;
        }
        if (unlink(name) < 0 && errno != ENOENT)
            return -errno;
    }
    return 0;
}

int database_is_free(const char *path)
{
    for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
        _cleanup_free_ char *name = NULL;

        if (asprintf(&name, "%s%s", path, suffixes[i]) < 0) {
            name = NULL;
            return -ENOMEM;
        }
        if (faccessat(AT_FDCWD, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return -EEXIST;
    }
    return 0;
}

/* As whoever owns the folder: root makes copies for the bench's user. */
static int settle(const char *temporary, const char *path)
{
    _cleanup_free_ char *copy = strdup(path);
    _cleanup_close_ int folder = -1;
    struct stat st;

    if (!copy)
        return -ENOMEM;
    folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || fstat(folder, &st) < 0)
        return -errno;
    if (geteuid() == 0 && lchown(temporary, st.st_uid, st.st_gid) < 0)
        return -errno;
    database_crash_point();
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
        return -errno;
    database_crash_point();
    return fsync(folder) < 0 ? -errno : 0;
}

int database_copy(const char *from, const char *to)
{
    _cleanup_free_ char *temporary = NULL;
    int r;

    r = database_is_free(to);
    if (r < 0)
        return r;
    if (asprintf(&temporary, "%s.unfinished", to) < 0) {
        temporary = NULL;
        return -ENOMEM;
    }
    r = database_remove(temporary);
    if (r >= 0)
        r = copy_to_new(from, temporary);
    if (r >= 0)
        r = settle(temporary, to);
    if (r < 0)
        (void)database_remove(temporary);
    return r;
}
