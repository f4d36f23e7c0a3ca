/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Keeps the customer's network. Its truth is written before its copy in /etc/netplan, and removed
 * before it: whenever the power goes, the next start finds what to do with the copy.
 */

#include "saved.h"

#include <stdio.h>
#include <string.h>

#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

#define FILE_MAX (16 * 1024)

struct file {
    char *text;
    size_t size;
};

struct saved {
    struct saved_options options;
    struct netplan *netplan;
    struct file truth;    /* text is NULL when there is none */
    struct file previous; /* the truth before the last install */
    struct file checked;  /* what was checked last */
    struct wifi_network network;
    struct wifi_network checked_network;
    struct netplan_profile *profile; /* of the last check */
    char *profile_file;
    char *stranger;
    saved_done done;
    void *userdata;
};

static void file_clear(struct file *file)
{
    if (file->text)
        explicit_bzero(file->text, file->size);
    free(file->text);
    *file = (struct file){};
}

static void file_move(struct file *from, struct file *to)
{
    file_clear(to);
    *to = *from;
    *from = (struct file){};
}

static int file_copy(const struct file *from, struct file *to)
{
    struct file copy = {.size = from->size};

    if (from->text) {
        copy.text = malloc(from->size + 1);
        if (!copy.text)
            return -ENOMEM;
        memcpy(copy.text, from->text, from->size + 1);
    }
    file_clear(to);
    *to = copy;
    return 0;
}

static int write_both(const struct saved *saved, const struct file *file)
{
    const struct paths *paths = saved->options.paths;
    int r;

    r = unbox_store_write(paths->truth, file->text, file->size, 0600, -1, -1);
    if (r < 0)
        return r;
    return unbox_store_write(paths->installed, file->text, file->size, 0600, -1, -1);
}

static int remove_both(const struct saved *saved)
{
    int r, s;

    r = unbox_store_remove(saved->options.paths->truth);
    s = unbox_store_remove(saved->options.paths->installed);
    return r < 0 ? r : s < 0 ? s : 0;
}

/* Where NetworkManager finds what netplan made of this file. */
static int set_profile_file(struct saved *saved, const struct netplan_profile *profile)
{
    char *file;

    if (asprintf(&file, "%s/%s", saved->options.paths->generated, profile->name) < 0)
        return -ENOMEM;
    free(saved->profile_file);
    saved->profile_file = file;
    return 0;
}

/* A truth that can't be read as ours is of no use to anybody: it is put aside, not lost. */
static int refuse_truth(struct saved *saved, int error)
{
    _cleanup_free_ char *aside = NULL;

    unbox_log_errno(LOG_ERR, error, "%s can't be used, putting it aside as .broken",
            saved->options.paths->truth);
    file_clear(&saved->truth);
    if (asprintf(&aside, "%s.broken", saved->options.paths->truth) < 0) {
        aside = NULL;
        return -ENOMEM;
    }
    return rename(saved->options.paths->truth, aside) < 0 ? -errno : 0;
}

static int read_truth(struct saved *saved)
{
    int r;

    r = unbox_store_read(
            saved->options.paths->truth, FILE_MAX, &saved->truth.text, &saved->truth.size);
    if (r == -ENOENT)
        return 0;
    if (r >= 0)
        r = wifi_yaml_read(saved->truth.text, saved->truth.size, &saved->network);
    if (r == -EBADMSG || r == -EFBIG)
        return refuse_truth(saved, r);
    return r;
}

/* Makes /etc/netplan's copy what the truth says. */
static int reconcile(struct saved *saved)
{
    const char *installed = saved->options.paths->installed;
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    int r;

    r = unbox_store_read(installed, FILE_MAX, &text, &size);
    if (r < 0 && r != -ENOENT && r != -EFBIG)
        return r;
    if (!saved->truth.text) {
        if (r == -ENOENT)
            return 0;
        unbox_log(LOG_NOTICE, "%s has no network behind it, removing it", installed);
        r = unbox_store_remove(installed);
        return r < 0 ? r : 0;
    }
    if (r == 0 && size == saved->truth.size && memcmp(text, saved->truth.text, size) == 0)
        return 0;
    unbox_log(LOG_NOTICE, "%s is %s, installing it again", installed,
            r == -ENOENT ? "missing" : "not what it was");
    return unbox_store_write(installed, saved->truth.text, saved->truth.size, 0600, -1, -1);
}

int saved_new(sd_event *event, const struct saved_options *options, struct saved **ret)
{
    _cleanup_(saved_free_p) struct saved *saved = calloc(1, sizeof(*saved));
    int r;

    if (!saved)
        return -ENOMEM;
    saved->options = *options;
    r = netplan_new(event, options->paths, &saved->netplan);
    if (r < 0)
        return r;
    r = read_truth(saved);
    if (r < 0)
        return r;
    r = reconcile(saved);
    if (r < 0)
        /* A full disk or a read-only /etc: NetworkManager can still have the profile. */
        unbox_log_errno(LOG_ERR, r, "%s can't be brought in line with %s",
                options->paths->installed, options->paths->truth);
    *ret = STEAL(saved);
    return 0;
}

struct saved *saved_free(struct saved *saved)
{
    if (!saved)
        return NULL;
    netplan_free(saved->netplan);
    netplan_profile_free(saved->profile);
    file_clear(&saved->truth);
    file_clear(&saved->previous);
    file_clear(&saved->checked);
    explicit_bzero(&saved->network, sizeof(saved->network));
    explicit_bzero(&saved->checked_network, sizeof(saved->checked_network));
    free(saved->profile_file);
    free(saved->stranger);
    free(saved);
    return NULL;
}

const struct wifi_network *saved_network(const struct saved *saved)
{
    return saved->truth.text ? &saved->network : NULL;
}

const char *saved_profile_file(const struct saved *saved)
{
    return saved->profile_file;
}

const char *saved_stranger(const struct saved *saved)
{
    return saved->stranger;
}

bool saved_busy(const struct saved *saved)
{
    return saved->done != NULL;
}

const struct netplan_profile *saved_keyfile(const struct saved *saved)
{
    return saved->profile;
}

static void end(struct saved *saved, int error, const char *message)
{
    saved_done done = STEAL(saved->done);

    done(error, message, saved->userdata);
}

static int begin(struct saved *saved, saved_done done, void *userdata)
{
    if (saved->done)
        return -EBUSY;
    saved->done = done;
    saved->userdata = userdata;
    return 0;
}

static void on_checked(
        int error, const char *message, struct netplan_profile *profile, void *userdata)
{
    struct saved *saved = userdata;

    netplan_profile_free(saved->profile);
    saved->profile = profile;
    end(saved, error, message);
}

int saved_check(
        struct saved *saved, const struct wifi_network *network, saved_done done, void *userdata)
{
    struct file file = {};
    int r;

    r = wifi_yaml_write(
            network, saved->options.interface, saved->options.country, &file.text, &file.size);
    if (r < 0)
        return r;
    file_move(&file, &saved->checked);
    saved->checked_network = *network;
    r = begin(saved, done, userdata);
    if (r < 0)
        return r;
    r = netplan_check(saved->netplan, saved->checked.text, saved->checked.size, on_checked, saved);
    if (r < 0)
        saved->done = NULL;
    return r;
}

int saved_install(struct saved *saved)
{
    int r;

    if (!saved->checked.text || !saved->profile)
        return -EINVAL;
    r = file_copy(&saved->truth, &saved->previous);
    if (r < 0)
        return r;
    r = write_both(saved, &saved->checked);
    if (r < 0) {
        /* A full disk may have taken the first and not the second. */
        (void)saved_put_back(saved);
        return r;
    }
    file_move(&saved->checked, &saved->truth);
    saved->network = saved->checked_network;
    return set_profile_file(saved, saved->profile);
}

/* netplan does it too, unless a stranger's file keeps it from everything. */
static void remove_profile(struct saved *saved)
{
    int r;

    r = saved->profile_file ? unbox_store_remove(saved->profile_file) : 0;
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", saved->profile_file);
    free(saved->profile_file);
    saved->profile_file = NULL;
}

int saved_put_back(struct saved *saved)
{
    int r;

    file_move(&saved->previous, &saved->truth);
    remove_profile(saved);
    if (!saved->truth.text)
        return remove_both(saved);
    r = wifi_yaml_read(saved->truth.text, saved->truth.size, &saved->network);
    return r < 0 ? r : write_both(saved, &saved->truth);
}

static void on_reloaded(int error, const char *message, void *userdata)
{
    struct saved *saved = userdata;

    end(saved, error, message);
}

/* As netplan would have done it, had it not stumbled over somebody else's file. */
static int write_profile(struct saved *saved)
{
    return unbox_store_write(
            saved->profile_file, saved->profile->keyfile, saved->profile->size, 0600, -1, -1);
}

static void note_stranger(struct saved *saved, const char *message)
{
    if (saved->stranger && strcmp(saved->stranger, message) == 0)
        return;
    free(saved->stranger);
    saved->stranger = strdup(message);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_NETPLAN_BROKEN, NULL,
            "netplan can't use /etc/netplan because of a file that isn't ours; the customer's "
            "Wi-Fi "
            "is set up without it: %s",
            message);
}

static void on_generated(
        int error, const char *message, struct netplan_profile *none, void *userdata)
{
    struct saved *saved = userdata;
    int r;

    if (error < 0) {
        note_stranger(saved, message);
        r = saved->truth.text ? write_profile(saved) : 0;
        if (r < 0) {
            end(saved, r, "NetworkManager's profile can't be written");
            return;
        }
    } else {
        free(saved->stranger);
        saved->stranger = NULL;
    }
    nm_reload_profiles(saved->options.nm, on_reloaded, saved);
}

/* At every start too, although netplan has done it before: it is quick, and tells of strangers. */
static void generate(struct saved *saved)
{
    int r;

    r = netplan_generate(saved->netplan, on_generated, saved);
    if (r < 0)
        end(saved, r, "netplan can't be run");
}

static void on_truth_checked(
        int error, const char *message, struct netplan_profile *profile, void *userdata)
{
    struct saved *saved = userdata;
    int r;

    netplan_profile_free(saved->profile);
    saved->profile = profile;
    if (error < 0) {
        end(saved, error, message);
        return;
    }
    r = set_profile_file(saved, profile);
    if (r < 0) {
        end(saved, r, "out of memory");
        return;
    }
    generate(saved);
}

int saved_apply(struct saved *saved, saved_done done, void *userdata)
{
    int r;

    r = begin(saved, done, userdata);
    if (r < 0)
        return r;
    if (!saved->truth.text || saved->profile_file)
        r = netplan_generate(saved->netplan, on_generated, saved);
    else
        r = netplan_check(
                saved->netplan, saved->truth.text, saved->truth.size, on_truth_checked, saved);
    if (r < 0)
        saved->done = NULL;
    return r;
}

int saved_forget(struct saved *saved, saved_done done, void *userdata)
{
    int r;

    if (saved->done)
        return -EBUSY;
    r = remove_both(saved);
    if (r < 0)
        return r;
    file_clear(&saved->truth);
    remove_profile(saved);
    return saved_apply(saved, done, userdata);
}
