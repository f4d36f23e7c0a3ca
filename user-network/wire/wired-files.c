/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Keeps the wire's files. The truth is written before its copy in /etc/netplan, and removed before
 * it: whenever the power goes, the next start finds what to do with the copy.
 */

#include "wired-files.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "unbox/log.h"
#include "unbox/store.h"

#define FILE_MAX (16 * 1024)

struct wired_files {
    const struct paths *paths;
    char *text; /* NULL: DHCP */
    struct wired_settings settings;
    bool mended;
};

/* A truth that can't be read as ours is of no use to anybody: it is put aside, not lost. */
static int refuse(const struct wired_files *files, int error)
{
    const char *truth = files->paths->wired_truth;
    _cleanup_free_ char *aside = NULL;

    unbox_log_errno(LOG_ERR, error, "%s can't be used, putting it aside as .broken", truth);
    if (asprintf(&aside, "%s.broken", truth) < 0) {
        aside = NULL;
        return -ENOMEM;
    }
    if (rename(truth, aside) < 0)
        unbox_log_errno(LOG_WARNING, -errno, "%s can't be put aside", truth);
    return 0;
}

static int read_truth(struct wired_files *files)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = unbox_store_read(files->paths->wired_truth, FILE_MAX, &text, &size);
    if (r == -ENOENT)
        return 0;
    if (r >= 0)
        r = strlen(text) == size ? wired_yaml_read(text, size, &files->settings) : -EBADMSG;
    if (r == -EBADMSG || r == -EFBIG)
        return refuse(files, r);
    if (r < 0)
        return r;
    files->text = STEAL(text);
    return 0;
}

/* Makes /etc/netplan's copy what the truth says. 1 when it wasn't, 0, or a negative errno. */
static int mend(const struct wired_files *files)
{
    const char *installed = files->paths->wired_installed;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r;

    r = unbox_store_read(installed, FILE_MAX, &text, &size);
    if (r < 0 && r != -ENOENT && r != -EFBIG)
        return r;
    if (!files->text) {
        if (r == -ENOENT)
            return 0;
        unbox_log(LOG_NOTICE, "%s has no wish of the customer behind it, removing it", installed);
        return unbox_store_remove(installed);
    }
    if (r == 0 && size == strlen(files->text) && memcmp(text, files->text, size) == 0)
        return 0;
    unbox_log(LOG_NOTICE, "%s is %s, installing it again", installed,
            r == -ENOENT ? "missing" : "not what it was");
    r = unbox_store_write(installed, files->text, strlen(files->text), 0600, -1, -1);
    return r < 0 ? r : 1;
}

int wired_files_new(const struct paths *paths, struct wired_files **ret)
{
    _cleanup_(wired_files_free_p) struct wired_files *files = calloc(1, sizeof(*files));
    int r;

    if (!files)
        return -ENOMEM;
    files->paths = paths;
    r = read_truth(files);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        /* The radio must not wait for the wire's disk: what netplan has made of the copy stays. */
        unbox_log_errno(LOG_ERR, r, "%s can't be read", paths->wired_truth);
        *ret = STEAL(files);
        return 0;
    }
    r = mend(files);
    if (r < 0)
        /* A full disk or a read-only /etc: NetworkManager can still have the profile. */
        unbox_log_errno(LOG_ERR, r, "%s can't be brought in line with %s", paths->wired_installed,
                paths->wired_truth);
    files->mended = r != 0;
    *ret = STEAL(files);
    return 0;
}

struct wired_files *wired_files_free(struct wired_files *files)
{
    if (!files)
        return NULL;
    free(files->text);
    free(files);
    return NULL;
}

const struct wired_settings *wired_files_settings(const struct wired_files *files)
{
    return files->text ? &files->settings : NULL;
}

const char *wired_files_text(const struct wired_files *files)
{
    return files->text ?: "";
}

bool wired_files_mended(const struct wired_files *files)
{
    return files->mended;
}

static int write_both(const struct paths *paths, const char *text)
{
    int r, s;

    if (*text) {
        r = unbox_store_write(paths->wired_truth, text, strlen(text), 0600, -1, -1);
        return r < 0 ? r
                     : unbox_store_write(paths->wired_installed, text, strlen(text), 0600, -1, -1);
    }
    r = unbox_store_remove(paths->wired_truth);
    s = unbox_store_remove(paths->wired_installed);
    return r < 0 ? r : s < 0 ? s : 0;
}

int wired_files_save(struct wired_files *files, const char *text)
{
    struct wired_settings settings = {};
    char *copy = NULL;
    int r;

    if (*text) {
        r = wired_yaml_read(text, strlen(text), &settings);
        if (r < 0)
            return r;
        copy = strdup(text);
        if (!copy)
            return -ENOMEM;
    }
    r = write_both(files->paths, text);
    if (r < 0) {
        free(copy);
        /* A full disk may have taken the first and not the second. */
        (void)write_both(files->paths, wired_files_text(files));
        return r;
    }
    free(files->text);
    files->text = copy;
    files->settings = settings;
    return 0;
}

int wired_files_note(const struct wired_files *files, const char *text, const char *checkpoint)
{
    _cleanup_json_ json_t *object = NULL;
    _cleanup_free_ char *line = NULL;
    sd_id128_t boot;
    int r;

    r = sd_id128_get_boot(&boot);
    if (r < 0)
        return r;
    object = json_pack("{s:s,s:s,s:s}", "text", text, "checkpoint", checkpoint, "boot",
            SD_ID128_TO_STRING(boot));
    line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (!line)
        return -ENOMEM;
    return unbox_store_write(files->paths->wired_change, line, strlen(line), 0600, -1, -1);
}

int wired_files_noted(const struct wired_files *files, char **ret_text, char **ret_checkpoint)
{
    _cleanup_free_ char *line = NULL, *copy = NULL;
    _cleanup_json_ json_t *object = NULL;
    const char *text, *checkpoint, *noted_boot;
    sd_id128_t boot, now;

    if (unbox_store_read(files->paths->wired_change, 2 * FILE_MAX, &line, NULL) < 0)
        return 0;
    object = json_loads(line, 0, NULL);
    if (!object || json_unpack(object, "{s:s,s:s,s:s}", "text", &text, "checkpoint", &checkpoint,
                           "boot", &noted_boot) < 0)
        return 0;
    /* After a reboot somebody else's checkpoint has the same name. */
    if (sd_id128_from_string(noted_boot, &boot) < 0 || sd_id128_get_boot(&now) < 0 ||
            !sd_id128_equal(boot, now))
        checkpoint = "";
    copy = strdup(text);
    *ret_checkpoint = copy ? strdup(checkpoint) : NULL;
    if (!*ret_checkpoint)
        return -ENOMEM;
    *ret_text = STEAL(copy);
    return 1;
}

void wired_files_unnote(const struct wired_files *files)
{
    int r;

    r = unbox_store_remove(files->paths->wired_change);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", files->paths->wired_change);
}
