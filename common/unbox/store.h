/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Durable files. Whatever moment the power goes, a reader finds the old content or the new one,
 * whole, with the right owner and mode: never neither, never a mixture.
 *
 * Every function is synchronous and calls fsync(): use it for small files (at most a few hundred
 * KiB).
 */

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Replaces `path` with `size` bytes of `data`: a temporary file in the same directory (O_EXCL,
 * given `mode` and, unless -1, `uid` and `gid` before any content), fsync, rename, fsync of the
 * directory. Returns 0 or a negative errno; on failure the old file stands and no temporary one is
 * left, but when the last of these steps has failed: then the new one stands, and may be gone after
 * a power cut. After a power cut ".#NAME" may be left; the next write removes it. One writer per
 * file.
 */
int unbox_store_write(
        const char *path, const void *data, size_t size, mode_t mode, uid_t uid, gid_t gid);

/*
 * Reads a whole file of at most `max` bytes. *ret_data is allocated, one NUL byte follows the
 * content (not counted in *ret_size; ret_size may be NULL); the caller frees it with free().
 * Returns 0, -EFBIG when it is larger, or a negative errno (-ENOENT: there is none).
 */
int unbox_store_read(const char *path, size_t max, char **ret_data, size_t *ret_size);

/* Removes a file, durably. Returns 1 when it was there, 0 when it wasn't, or a negative errno. */
int unbox_store_remove(const char *path);

/* Removes what a write of `path` has left that was cut short, for when there won't be another one.
 * 1 there was something, 0 nothing, or -errno. */
int unbox_store_tidy(const char *path);

/* Removes a directory and all in it, following no link, durably. 1 there was one, 0 none, or
 * -errno. */
int unbox_store_remove_tree(const char *path);

/*
 * Makes a directory, durably, in one that exists. Returns 1 when it was made, 0 when it was there,
 * whatever its mode, or a negative errno (-ENOTDIR: something else is there).
 */
int unbox_store_make_dir(const char *path, mode_t mode);

/* Makes an empty file, durably: a flag that a unit's condition reads. 0 or a negative errno. */
int unbox_store_flag(const char *path, mode_t mode);

/*
 * Makes `path` a symbolic link to `target`, in one step, whatever file or link was there before. 0
 * or a negative errno.
 */
int unbox_store_link(const char *path, const char *target);

/*
 * Generations: a folder of files that belong together is made aside, whole, and then becomes the
 * current one by one atomic switch of the link `base`/current. Older ones are removed afterwards.
 */
struct unbox_store_generation;

/* Begins one under `base` (which exists), mode 0750. Leftovers of an unfinished one are removed
 * first. */
int unbox_store_generation_new(const char *base, gid_t gid, struct unbox_store_generation **ret);

/* Adds a file, made with O_EXCL and fsynced. `name` has no slash. `gid` may be -1. */
int unbox_store_generation_add(struct unbox_store_generation *generation, const char *name,
        const void *data, size_t size, mode_t mode, gid_t gid);

/* The folder that it is being made in, borrowed: to check it with the eyes of a reader. */
const char *unbox_store_generation_path(const struct unbox_store_generation *generation);

/*
 * fsyncs it, renames it to `base`/gen-`id`, makes `current` point there, fsyncs, and removes the
 * others. `id` has no slash. Committing an id that is there already replaces it.
 */
int unbox_store_generation_commit(struct unbox_store_generation *generation, const char *id);

/*
 * As unbox_store_generation_commit(), but the current one stays: the link `base`/next leads to the
 * new one until unbox_store_generation_adopt() makes it current. For what has to be agreed upon
 * with somebody else first.
 */
int unbox_store_generation_offer(struct unbox_store_generation *generation, const char *id);

/* Makes next current, in one step, and removes the others. 1 there was one, 0 none, or -errno. */
int unbox_store_generation_adopt(const char *base);

/* Removes next, and what no link leads to; the current one stays. 1 there was a next, 0 none, or
 * -errno. */
int unbox_store_generation_discard(const char *base);

/* Removes an uncommitted one from the disk. Accepts NULL; returns NULL. */
struct unbox_store_generation *unbox_store_generation_free(
        struct unbox_store_generation *generation);

#ifdef __cplusplus
}
#endif
