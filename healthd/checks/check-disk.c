/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A file system has room, for bytes and for files. It has to be a local one: the kernel is asked
 * directly, and would wait for a server that is away.
 */

#include <string.h>
#include <sys/statvfs.h>

#include "check.h"

static int disk_open(struct check *check, const struct unbox_config_row *row)
{
    int64_t *percent = check->data = malloc(sizeof(*percent));

    if (!percent)
        return -ENOMEM;
    *percent = unbox_config_row_int(row, "min_free_percent");
    check->target = strdup(unbox_config_row_string(row, "path"));
    return check->target ? 0 : -ENOMEM;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100.0 * part / whole : 100.0; /* no limit, as on btrfs for files */
}

static int disk_start(struct check *check)
{
    const int64_t *wanted = check->data;
    struct statvfs fs;
    double bytes, files;

    if (statvfs(check->target, &fs) < 0)
        return -errno;
    bytes = share(fs.f_bavail, fs.f_blocks);
    files = share(fs.f_favail, fs.f_files);
    if (bytes < *wanted)
        check_done(check, CHECK_FAILING, "%.1f %% of %.1f GB free, %lld %% wanted", bytes,
                (double)fs.f_blocks * fs.f_frsize / 1e9, (long long)*wanted);
    else if (files < *wanted)
        check_done(check, CHECK_FAILING, "room for %.1f %% of its files, %lld %% wanted", files,
                (long long)*wanted);
    else
        check_done(check, CHECK_OK, "%.0f %% free", bytes);
    return 0;
}

const struct check_type check_disk = {
        .name = "disk",
        .open = disk_open,
        .start = disk_start,
};
