/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What store.c and store-generation.c share: single durable operations on a directory. */

#include <stddef.h>
#include <sys/types.h>

/*
 * Called before each operation whose order matters after a power cut. In a build with
 * -Dcrash_points=true the process ends here, as by a power cut, at call number
 * $UNBOX_STORE_CRASH_AT; otherwise it does nothing.
 */
void store_point(void);

/* Creates `name` with O_EXCL, gives it mode and owner, writes, fsyncs. Removes it again on failure.
 */
int store_create_at(int dir_fd, const char *name, const void *data, size_t size, mode_t mode,
        uid_t uid, gid_t gid);

/* Makes `name` a symbolic link to `target`, in one step, and that durable. */
int store_link_at(int dir_fd, const char *name, const char *target);

/* fsyncs a directory. */
int store_sync_dir(int dir_fd);

/* Removes `name`, a file or a whole folder. 1 it was there, 0 not, or a negative errno. */
int store_remove_at(int dir_fd, const char *name);

/* Opens the directory that `path` lies in; *ret_name points into `path`. */
int store_open_parent(const char *path, int *ret_fd, const char **ret_name);
