/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Durable files: a temporary file in the same directory, its owner and mode set before any content,
 * fsync, rename, fsync of the directory.
 */

#include "unbox/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store-private.h"
#include "util.h"

#define DEPTH_MAX 32

static void close_dir_p(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

void store_point(void)
{
#ifdef CRASH_POINTS
    static unsigned long point;
    const char *at = getenv("UNBOX_STORE_CRASH_AT");

    if (at && ++point == strtoul(at, NULL, 10))
        _exit(137);
#endif
}

int store_sync_dir(int dir_fd)
{
    store_point();
    return fsync(dir_fd) < 0 ? -errno : 0;
}

int store_open_parent(const char *path, int *ret_fd, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *parent = NULL;
    int fd;

    if (!slash)
        parent = strdup(".");
    else
        parent = strndup(path, slash == path ? 1 : slash - path);
    if (!parent)
        return -ENOMEM;
    if (!*(slash ? slash + 1 : path))
        return -EINVAL;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret_fd = fd;
    *ret_name = slash ? slash + 1 : path;
    return 0;
}

static int fill(int fd, const void *data, size_t size, mode_t mode, uid_t uid, gid_t gid)
{
    int r;

    if ((uid != (uid_t)-1 || gid != (gid_t)-1) && fchown(fd, uid, gid) < 0)
        return -errno;
    /* The umask had its say at open(). */
    if (fchmod(fd, mode) < 0)
        return -errno;
    r = write_fully(fd, data, size);
    if (r < 0)
        return r;
    store_point();
    return fsync(fd) < 0 ? -errno : 0;
}

int store_create_at(int dir_fd, const char *name, const void *data, size_t size, mode_t mode,
        uid_t uid, gid_t gid)
{
    _cleanup_close_ int fd = -1;
    int r;

    store_point();
    fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0600);
    if (fd < 0)
        return -errno;
    r = fill(fd, data, size, mode, uid, gid);
    if (r < 0)
        (void)unlinkat(dir_fd, name, 0);
    return r;
}

/* Where `name` is written to before it has its name. */
static int temporary_name(const char *name, char **ret)
{
    if (asprintf(ret, ".#%s", name) >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

int unbox_store_tidy(const char *path)
{
    _cleanup_close_ int dir_fd = -1;
    _cleanup_free_ char *temporary = NULL;
    const char *name;
    int r;

    r = store_open_parent(path, &dir_fd, &name);
    if (r >= 0)
        r = temporary_name(name, &temporary);
    return r < 0 ? r : store_remove_at(dir_fd, temporary);
}

int unbox_store_write(
        const char *path, const void *data, size_t size, mode_t mode, uid_t uid, gid_t gid)
{
    _cleanup_close_ int dir_fd = -1;
    _cleanup_free_ char *temporary = NULL;
    const char *name;
    int r;

    r = store_open_parent(path, &dir_fd, &name);
    if (r < 0)
        return r;
    r = temporary_name(name, &temporary);
    if (r < 0)
        return r;
    /* What an earlier write left that was cut short. */
    r = store_remove_at(dir_fd, temporary);
    if (r < 0)
        return r;
    r = store_create_at(dir_fd, temporary, data, size, mode, uid, gid);
    if (r < 0)
        return r;
    store_point();
    if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
        r = -errno;
        (void)unlinkat(dir_fd, temporary, 0);
        return r;
    }
    return store_sync_dir(dir_fd);
}

int unbox_store_read(const char *path, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ char *data = NULL;
    size_t size = 0;

    if (fd < 0)
        return -errno;
    data = malloc(max + 1);
    if (!data)
        return -ENOMEM;
    /* One byte more than allowed is asked for, to tell "just fits" from "too large". */
    for (;;) {
        ssize_t n = read(fd, data + size, max + 1 - size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        size += n;
        if (size > max)
            return -EFBIG;
    }
    data[size] = '\0';
    *ret_data = realloc(data, size + 1) ?: data;
    data = NULL;
    if (ret_size)
        *ret_size = size;
    return 0;
}

static int remove_at(int dir_fd, const char *name, unsigned depth);

static int empty_dir_at(int dir_fd, const char *name, unsigned depth)
{
    _cleanup_(close_dir_p) DIR *dir = NULL;
    struct dirent *entry;
    int fd, r;

    if (depth > DEPTH_MAX)
        return -ELOOP;
    fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    dir = fdopendir(fd);
    if (!dir) {
        r = -errno;
        close(fd);
        return r;
    }
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        r = remove_at(dirfd(dir), entry->d_name, depth + 1);
        if (r < 0)
            return r;
    }
    return 0;
}

static int remove_at(int dir_fd, const char *name, unsigned depth)
{
    int r;

    store_point();
    if (unlinkat(dir_fd, name, 0) == 0)
        return 1;
    if (errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    r = empty_dir_at(dir_fd, name, depth);
    if (r < 0)
        return r;
    return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 1;
}

int store_remove_at(int dir_fd, const char *name)
{
    return remove_at(dir_fd, name, 0);
}

int unbox_store_remove(const char *path)
{
    _cleanup_close_ int dir_fd = -1;
    const char *name;
    int r;

    r = store_open_parent(path, &dir_fd, &name);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    store_point();
    if (unlinkat(dir_fd, name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    r = store_sync_dir(dir_fd);
    return r < 0 ? r : 1;
}

int unbox_store_remove_tree(const char *path)
{
    _cleanup_close_ int dir_fd = -1;
    const char *name;
    int removed, r;

    r = store_open_parent(path, &dir_fd, &name);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return r;
    removed = store_remove_at(dir_fd, name);
    if (removed <= 0)
        return removed;
    r = store_sync_dir(dir_fd);
    return r < 0 ? r : 1;
}

int unbox_store_make_dir(const char *path, mode_t mode)
{
    _cleanup_close_ int dir_fd = -1;
    struct stat st;
    const char *name;
    int r;

    r = store_open_parent(path, &dir_fd, &name);
    if (r < 0)
        return r;
    store_point();
    if (mkdirat(dir_fd, name, mode) < 0) {
        if (errno != EEXIST || fstatat(dir_fd, name, &st, 0) < 0)
            return -errno;
        return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
    }
    r = store_sync_dir(dir_fd);
    return r < 0 ? r : 1;
}

int unbox_store_flag(const char *path, mode_t mode)
{
    return unbox_store_write(path, "", 0, mode, -1, -1);
}

int store_link_at(int dir_fd, const char *name, const char *target)
{
    _cleanup_free_ char *temporary = NULL;
    int r;

    r = temporary_name(name, &temporary);
    if (r >= 0)
        r = store_remove_at(dir_fd, temporary);
    if (r < 0)
        return r;
    store_point();
    if (symlinkat(target, dir_fd, temporary) < 0)
        return -errno;
    store_point();
    if (renameat(dir_fd, temporary, dir_fd, name) < 0) {
        r = -errno;
        (void)unlinkat(dir_fd, temporary, 0);
        return r;
    }
    return store_sync_dir(dir_fd);
}

int unbox_store_link(const char *path, const char *target)
{
    _cleanup_close_ int dir_fd = -1;
    const char *name;
    int r;

    r = store_open_parent(path, &dir_fd, &name);
    return r < 0 ? r : store_link_at(dir_fd, name, target);
}
