/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * System files are root's own, and so is what is put back: of a file's attributes its mode is kept.
 */

#include "apply-file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "digest.h"
#include "unbox/log.h"
#include "unbox/store.h"

/* hostapd's example with all its comments has more than 100 KiB. */
#define CONTENT_MAX (1024 * 1024)

void apply_file_done(struct apply_file *file)
{
    if (file->data)
        explicit_bzero(file->data, file->size);
    free(file->data);
    *file = (struct apply_file){};
}

int apply_file_look(const char *path, struct apply_file *ret)
{
    struct apply_file file = {};
    struct stat st;
    int r;

    if (lstat(path, &st) < 0) {
        if (errno != ENOENT)
            return -errno;
        *ret = file;
        return 0;
    }
    if (!S_ISREG(st.st_mode))
        return -EMLINK;
    r = unbox_store_read(path, CONTENT_MAX, &file.data, &file.size);
    if (r < 0)
        return r;
    file.exists = true;
    file.mode = st.st_mode & 07777;
    r = digest_sha256(file.data, file.size, file.digest);
    if (r < 0) {
        apply_file_done(&file);
        return r;
    }
    *ret = file;
    return 0;
}

static int make_path(const char *section, char **ret)
{
    return asprintf(ret, APPLY_DIR "/%s.old", section) < 0 ? -ENOMEM : 0;
}

int apply_file_keep(const char *section, const void *data, size_t size)
{
    _cleanup_free_ char *path = NULL;
    int r;

    r = make_path(section, &path);
    if (r < 0)
        return r;
    if (data)
        return unbox_store_write(path, data, size, 0600, -1, -1);
    r = unbox_store_remove(path);
    return r < 0 ? r : 0;
}

int apply_file_kept(const char *section, const char *digest, char **ret, size_t *ret_size)
{
    _cleanup_(crypto_secret_free_p) char *data = NULL;
    _cleanup_free_ char *path = NULL;
    char found[CRYPTO_SHA256_HEX_SIZE];
    size_t size;
    int r;

    r = make_path(section, &path);
    if (r >= 0)
        r = unbox_store_read(path, CONTENT_MAX, &data, &size);
    if (r >= 0)
        r = digest_sha256(data, size, found);
    if (r < 0)
        return r;
    if (strcmp(found, digest) != 0)
        return -EBADMSG;
    *ret = STEAL(data);
    *ret_size = size;
    return 0;
}

void apply_file_forget(const char *section)
{
    int r = apply_file_keep(section, NULL, 0);

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't remove what %s was before", section);
}
