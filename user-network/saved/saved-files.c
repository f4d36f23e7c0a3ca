/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the truth and its copy in step. */

#include "saved-files.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unbox/log.h"
#include "unbox/store.h"

/* A truth that can't be read as ours is of no use to anybody: it is put aside, not lost. */
static int refuse_truth(const struct paths *paths, int error)
{
    _cleanup_free_ char *aside = NULL;

    unbox_log_errno(LOG_ERR, error, "%s can't be used, putting it aside as .broken", paths->truth);
    if (asprintf(&aside, "%s.broken", paths->truth) < 0) {
        aside = NULL;
        return -ENOMEM;
    }
    return rename(paths->truth, aside) < 0 ? -errno : 0;
}

int saved_files_read(const struct paths *paths, struct saved_version *ret)
{
    int r = saved_version_read(paths->truth, ret);

    return r == -EBADMSG || r == -EFBIG ? refuse_truth(paths, r) : r;
}

int saved_files_reconcile(const struct paths *paths, const struct saved_version *truth)
{
    const char *installed = paths->installed;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r;

    r = unbox_store_read(installed, SAVED_FILE_MAX, &text, &size);
    if (r < 0 && r != -ENOENT && r != -EFBIG)
        return r;
    if (!truth->text) {
        if (r == -ENOENT)
            return 0;
        unbox_log(LOG_NOTICE, "%s has no network behind it, removing it", installed);
        r = unbox_store_remove(installed);
        return r < 0 ? r : 0;
    }
    if (r == 0 && size == truth->size && memcmp(text, truth->text, size) == 0)
        return 0;
    unbox_log(LOG_NOTICE, "%s is %s, installing it again", installed,
            r == -ENOENT ? "missing" : "not what it was");
    return unbox_store_write(installed, truth->text, truth->size, 0600, -1, -1);
}

static int write_copy(const struct paths *paths, const struct saved_version *version)
{
    if (version->text)
        return unbox_store_write(paths->installed, version->text, version->size, 0600, -1, -1);
    /* On a read-only disk even the removal of nothing fails. */
    return access(paths->installed, F_OK) < 0 ? 0 : unbox_store_remove(paths->installed);
}

int saved_files_write(
        const struct paths *paths, const struct saved_version *version, bool *ret_uncopied)
{
    int r, s;

    if (version->text) {
        r = unbox_store_write(paths->truth, version->text, version->size, 0600, -1, -1);
        if (r < 0)
            return r;
        s = write_copy(paths, version);
        /* The profiles can be made without it. */
        *ret_uncopied = s == -EROFS;
        return *ret_uncopied || s >= 0 ? 0 : s;
    }
    r = unbox_store_remove(paths->truth);
    if (r < 0)
        return r;
    s = write_copy(paths, version);
    *ret_uncopied = s < 0;
    return s < 0 ? s : 0;
}
