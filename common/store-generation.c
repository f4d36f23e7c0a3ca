/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Generations: files that belong together are made in BASE/staging, which becomes BASE/gen-ID by
 * one rename, and current by the rename of a link; one that is only offered is next before that.
 * What an earlier attempt left is removed by the next.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store-private.h"
#include "unbox/store.h"
#include "util.h"

#define STAGING "staging"
#define CURRENT "current"
#define NEXT "next"

struct unbox_store_generation {
    int base_fd;
    int staging_fd;
    char *path;
    bool committed;
};

DEFINE_CLEANUP(struct unbox_store_generation *, unbox_store_generation_free);

static int make_staging(struct unbox_store_generation *generation, gid_t gid)
{
    int r;

    r = store_remove_at(generation->base_fd, STAGING);
    if (r < 0)
        return r;
    store_point();
    if (mkdirat(generation->base_fd, STAGING, 0750) < 0)
        return -errno;
    generation->staging_fd =
            openat(generation->base_fd, STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (generation->staging_fd < 0)
        return -errno;
    if (gid != (gid_t)-1 && fchown(generation->staging_fd, -1, gid) < 0)
        return -errno;
    return fchmod(generation->staging_fd, 0750) < 0 ? -errno : 0;
}

int unbox_store_generation_new(const char *base, gid_t gid, struct unbox_store_generation **ret)
{
    _cleanup_(unbox_store_generation_free_p) struct unbox_store_generation *generation =
            calloc(1, sizeof(*generation));
    int r;

    if (!generation)
        return -ENOMEM;
    generation->staging_fd = -1;
    generation->base_fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (generation->base_fd < 0)
        return -errno;
    if (asprintf(&generation->path, "%s/" STAGING, base) < 0) {
        generation->path = NULL;
        return -ENOMEM;
    }
    r = make_staging(generation, gid);
    if (r < 0)
        return r;
    *ret = STEAL(generation);
    return 0;
}

int unbox_store_generation_add(struct unbox_store_generation *generation, const char *name,
        const void *data, size_t size, mode_t mode, gid_t gid)
{
    if (strchr(name, '/'))
        return -EINVAL;
    return store_create_at(generation->staging_fd, name, data, size, mode, -1, gid);
}

const char *unbox_store_generation_path(const struct unbox_store_generation *generation)
{
    return generation->path;
}

static bool leads_to(int base_fd, const char *name, const char *target)
{
    char where[NAME_MAX + 1];
    ssize_t size = readlinkat(base_fd, name, where, sizeof(where));

    return size == (ssize_t)strlen(target) && memcmp(where, target, size) == 0;
}

/* Those that no link leads to are of no use any more; one that can't be removed now goes with the
 * next commit. */
static void remove_others(int base_fd)
{
    int fd = openat(base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(dir)))
        if (strncmp(entry->d_name, "gen-", 4) == 0 && !leads_to(base_fd, CURRENT, entry->d_name) &&
                !leads_to(base_fd, NEXT, entry->d_name))
            (void)store_remove_at(base_fd, entry->d_name);
    closedir(dir);
}

/* Gives it its name and makes that durable; no link leads to it yet. */
static int settle(struct unbox_store_generation *generation, const char *name)
{
    int r;

    r = store_sync_dir(generation->staging_fd);
    if (r < 0)
        return r;
    store_point();
    /* A generation of this id can only be left from a commit that was cut short: exchange it whole.
     */
    if (renameat2(generation->base_fd, STAGING, generation->base_fd, name, RENAME_NOREPLACE) < 0) {
        if (errno != EEXIST)
            return -errno;
        if (renameat2(generation->base_fd, STAGING, generation->base_fd, name, RENAME_EXCHANGE) < 0)
            return -errno;
        (void)store_remove_at(generation->base_fd, STAGING);
    }
    generation->committed = true;
    return store_sync_dir(generation->base_fd);
}

static int commit_as(
        struct unbox_store_generation *generation, const char *id, const char *link_name)
{
    _cleanup_free_ char *name = NULL;
    int r;

    if (!*id || strchr(id, '/'))
        return -EINVAL;
    if (asprintf(&name, "gen-%s", id) < 0) {
        name = NULL;
        return -ENOMEM;
    }
    r = settle(generation, name);
    if (r >= 0)
        r = store_link_at(generation->base_fd, link_name, name);
    if (r < 0)
        return r;
    remove_others(generation->base_fd);
    return 0;
}

int unbox_store_generation_commit(struct unbox_store_generation *generation, const char *id)
{
    return commit_as(generation, id, CURRENT);
}

int unbox_store_generation_offer(struct unbox_store_generation *generation, const char *id)
{
    return commit_as(generation, id, NEXT);
}

int unbox_store_generation_adopt(const char *base)
{
    _cleanup_close_ int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r;

    if (fd < 0)
        return -errno;
    store_point();
    if (renameat(fd, NEXT, fd, CURRENT) < 0)
        return errno == ENOENT ? 0 : -errno;
    r = store_sync_dir(fd);
    if (r < 0)
        return r;
    remove_others(fd);
    return 1;
}

int unbox_store_generation_discard(const char *base)
{
    _cleanup_close_ int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int removed, r;

    if (fd < 0)
        return -errno;
    removed = store_remove_at(fd, NEXT);
    if (removed < 0)
        return removed;
    r = removed ? store_sync_dir(fd) : 0;
    if (r < 0)
        return r;
    remove_others(fd);
    return removed;
}

struct unbox_store_generation *unbox_store_generation_free(
        struct unbox_store_generation *generation)
{
    if (!generation)
        return NULL;
    if (!generation->committed && generation->staging_fd >= 0)
        (void)store_remove_at(generation->base_fd, STAGING);
    if (generation->staging_fd >= 0)
        close(generation->staging_fd);
    if (generation->base_fd >= 0)
        close(generation->base_fd);
    free(generation->path);
    free(generation);
    return NULL;
}
