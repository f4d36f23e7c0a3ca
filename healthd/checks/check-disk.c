/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file system has room, for bytes and for files. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "check-work.h"

struct disk {
    struct check_work work; /* first */
    int64_t wanted;         /* percent */
};

static int look(int output, const char *path)
{
    struct statvfs fs;

    if (statvfs(path, &fs) < 0)
        return -errno;
    return dprintf(output, "%ju %ju %ju %ju %lu", (uintmax_t)fs.f_bavail, (uintmax_t)fs.f_blocks,
                   (uintmax_t)fs.f_favail, (uintmax_t)fs.f_files, fs.f_frsize) < 0
                   ? -errno
                   : 0;
}

static double share(uintmax_t part, uintmax_t whole)
{
    return whole > 0 ? 100.0 * part / whole : 100.0; /* no limit, as on btrfs for files */
}

static void disk_found(struct check *check, int status, const char *output)
{
    const struct disk *disk = check->data;
    uintmax_t free_blocks, blocks, free_files, all_files;
    unsigned long size;
    double bytes, files;

    if (status != 0) {
        check_done_errno(check, -status);
        return;
    }
    if (sscanf(output, "%ju %ju %ju %ju %lu", &free_blocks, &blocks, &free_files, &all_files,
                &size) != 5) {
        check_done_errno(check, -EBADMSG);
        return;
    }
    bytes = share(free_blocks, blocks);
    files = share(free_files, all_files);
    if (bytes < disk->wanted)
        check_done(check, CHECK_FAILING, "%.1f %% of %.1f GB free, %" PRId64 " %% wanted", bytes,
                (double)blocks * size / 1e9, disk->wanted);
    else if (files < disk->wanted)
        check_done(check, CHECK_FAILING, "room for %.1f %% of its files, %" PRId64 " %% wanted",
                files, disk->wanted);
    else
        check_done(check, CHECK_OK, "%.0f %% free", bytes);
}

static int disk_open(struct check *check, const struct unbox_config_row *row)
{
    struct disk *disk = check->data = calloc(1, sizeof(*disk));

    if (!disk)
        return -ENOMEM;
    disk->work.work = look;
    disk->work.found = disk_found;
    disk->wanted = unbox_config_row_int(row, "min_free_percent");
    check->target = strdup(unbox_config_row_string(row, "path"));
    return check->target ? 0 : -ENOMEM;
}

const struct check_type check_disk = {
        .name = "disk",
        .open = disk_open,
        .start = check_work_start,
        .cancel = check_work_cancel,
        .close = check_work_close,
};
