/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the customer's networks: what is in their files, netplan's profiles of them, and changes of
 * both. */

#include "saved.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "certificates.h"
#include "saved-files.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

struct saved {
    struct saved_options options;
    struct netplan *netplan;
    struct saved_version truth;
    struct saved_version previous; /* the truth before the last install */
    struct saved_version checked;  /* what was checked last */
    char *stranger;
    bool uncopied; /* /etc/netplan has no copy of the truth, or an old one */
    bool left;     /* NetworkManager may have profiles of what was forgotten */
    bool untold;   /* so far nobody has told it that nothing is saved */
    bool outdated; /* the generator that runs has read what doesn't hold any more */
    saved_done done;
    void *userdata;
};

/*
 * Makes this the state on the disk. On failure, as of a full disk that has taken the first file and
 * not the second, what was before stands.
 */
static int replace(struct saved *saved, const struct saved_version *version, bool forgets)
{
    const struct paths *paths = saved->options.paths;
    bool uncopied = false;
    int r;

    r = saved_files_write(paths, version, &uncopied);
    /* An old copy would bring back what is to be forgotten. */
    if (r >= 0 && uncopied && forgets && access(paths->installed, F_OK) == 0)
        r = -EROFS;
    if (r < 0) {
        (void)saved_files_write(paths, &saved->truth, &uncopied);
        return r;
    }
    if (uncopied && !saved->uncopied)
        unbox_log(LOG_WARNING, "%s can't be written, NetworkManager is told without it",
                paths->installed);
    saved->uncopied = uncopied;
    return 0;
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
    r = saved_files_read(options->paths, &saved->truth);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        /* Without it there is still a hotspot, and what netplan has made of the copy. */
        unbox_log_errno(LOG_ERR, r, "%s can't be read", options->paths->truth);
        *ret = STEAL(saved);
        return 0;
    }
    /* What netplan's generator makes at a boot is made of the copy. */
    saved->untold = !saved->truth.text;
    saved->left = saved->untold && access(options->paths->installed, F_OK) == 0;
    r = saved_files_reconcile(options->paths, &saved->truth);
    saved->uncopied = r < 0;
    if (r < 0)
        /* A full disk or a read-only /etc: NetworkManager can still have the profile. */
        unbox_log_errno(LOG_ERR, r, "%s can't be brought in line with %s",
                options->paths->installed, options->paths->truth);
    saved_tidy(saved);
    *ret = STEAL(saved);
    return 0;
}

struct saved *saved_free(struct saved *saved)
{
    if (!saved)
        return NULL;
    netplan_free(saved->netplan);
    saved_version_clear(&saved->truth);
    saved_version_clear(&saved->previous);
    saved_version_clear(&saved->checked);
    free(saved->stranger);
    free(saved);
    return NULL;
}

const struct wifi_list *saved_networks(const struct saved *saved)
{
    return &saved->truth.networks;
}

const struct wifi_network *saved_first(const struct saved *saved)
{
    return wifi_list_next(&saved->truth.networks, NULL, NULL, NULL);
}

const struct wifi_network *saved_find(const struct saved *saved, const struct ssid *ssid)
{
    return wifi_list_find(&saved->truth.networks, ssid);
}

const char *saved_profile_file(const struct saved *saved, const struct ssid *ssid)
{
    const struct netplan_profile *profile = saved_version_profile(&saved->truth, ssid);

    return profile ? profile->file : NULL;
}

bool saved_profiles_loaded(const struct saved *saved)
{
    const struct wifi_list *networks = &saved->truth.networks;

    for (size_t i = 0; i < networks->n_entries; i++) {
        const char *file = saved_profile_file(saved, &networks->entries[i].ssid);

        if (!file || !nm_has_profile(saved->options.nm, NULL, file))
            return false;
    }
    return true;
}

const char *saved_stranger(const struct saved *saved)
{
    return saved->stranger;
}

bool saved_uncopied(const struct saved *saved)
{
    return saved->uncopied;
}

bool saved_left(const struct saved *saved)
{
    const struct saved_options *options = &saved->options;

    return saved->left ||
           (saved->untold && nm_has_netplan_radio(options->nm, options->paths->generated));
}

bool saved_busy(const struct saved *saved)
{
    return saved->done != NULL;
}

const struct netplan_profile *saved_keyfile(const struct saved *saved, const struct ssid *ssid)
{
    return saved_version_profile(&saved->checked, ssid);
}

char *saved_checked_digest(const struct saved *saved)
{
    return saved_version_digest(&saved->checked);
}

bool saved_is(const struct saved *saved, const char *digest)
{
    g_autofree char *truth = saved_version_digest(&saved->truth);

    return strcmp(truth, digest) == 0;
}

static bool is_needed(const char *path, void *userdata)
{
    const struct saved *saved = userdata;

    return saved_version_needs(&saved->truth, path);
}

void saved_tidy(struct saved *saved)
{
    int r;

    if (saved->done)
        return;
    saved_version_clear(&saved->previous);
    saved_version_clear(&saved->checked);
    r = certificates_tidy(saved->options.paths, is_needed, saved);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "certificates that nobody needs can't be removed");
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

static int take_profiles(
        struct saved_version *version, struct netplan_profiles *profiles, const char **message)
{
    int r = saved_version_profiles(version, profiles);

    if (r < 0)
        *message = "the name comes out of netplan as another one";
    return r;
}

static void on_checked(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata)
{
    struct saved *saved = userdata;

    if (error >= 0)
        error = take_profiles(&saved->checked, profiles, &message);
    end(saved, error, message);
}

/* Has the truth tried with this network in it. */
static int check_with(struct saved *saved, const struct wifi_network *network, saved_done done,
        void *userdata, netplan_done next)
{
    _cleanup_(wifi_list_clear) struct wifi_list networks = {};
    int r;

    if (saved->done)
        return -EBUSY;
    r = wifi_list_copy(&saved->truth.networks, &networks);
    if (r >= 0)
        r = wifi_list_put(&networks, network);
    if (r >= 0)
        r = saved_version_make(&networks, saved->options.interface, &saved->checked);
    if (r < 0)
        return r;
    r = netplan_check(saved->netplan, saved->checked.text, saved->checked.size, next, saved);
    return r < 0 ? r : begin(saved, done, userdata);
}

int saved_check(
        struct saved *saved, const struct wifi_network *network, saved_done done, void *userdata)
{
    return check_with(saved, network, done, userdata, on_checked);
}

int saved_install(struct saved *saved)
{
    int r;

    if (!saved->checked.text || !saved->checked.profiles)
        return -EINVAL;
    r = replace(saved, &saved->checked, false);
    if (r < 0)
        return r;
    saved_version_move(&saved->truth, &saved->previous);
    saved_version_move(&saved->checked, &saved->truth);
    return 0;
}

/* netplan does it too, unless a stranger's file keeps it from everything. */
static void remove_profile(const char *file)
{
    int r = unbox_store_remove(file);

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "%s can't be removed", file);
}

static void remove_profiles(const struct saved_version *version)
{
    for (size_t i = 0; version->profiles && i < version->profiles->n_entries; i++)
        remove_profile(version->profiles->entries[i].file);
}

int saved_put_back(struct saved *saved)
{
    /* Those that are to stay are made again with the next saved_apply(). */
    remove_profiles(&saved->truth);
    saved->outdated = saved->done != NULL;
    saved_version_move(&saved->previous, &saved->truth);
    return saved_files_write(saved->options.paths, &saved->truth, &saved->uncopied);
}

static void on_reloaded(int error, const char *message, void *userdata)
{
    struct saved *saved = userdata;

    if (error >= 0)
        saved->left = saved->untold = false;
    end(saved, error, message);
}

/* As netplan would have done it, had it not stumbled over somebody else's file, or had it ours. */
static int write_profiles(const struct saved_version *version)
{
    for (size_t i = 0; version->profiles && i < version->profiles->n_entries; i++) {
        const struct netplan_profile *profile = &version->profiles->entries[i];
        int r;

        r = unbox_store_write(profile->file, profile->keyfile, profile->size, 0600, -1, -1);
        if (r < 0)
            return r;
    }
    return 0;
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
        int error, const char *message, struct netplan_profiles *none, void *userdata);

/* At every start too, although netplan has done it before: it is quick, and tells of strangers. */
static void generate(struct saved *saved)
{
    int r;

    saved->outdated = false;
    r = netplan_generate(saved->netplan, on_generated, saved);
    if (r < 0)
        end(saved, r, "netplan can't be run");
}

static void on_generated(
        int error, const char *message, struct netplan_profiles *none, void *userdata)
{
    struct saved *saved = userdata;
    int r;

    if (saved->outdated) {
        generate(saved);
        return;
    }
    if (error < 0) {
        note_stranger(saved, message);
    } else {
        free(saved->stranger);
        saved->stranger = NULL;
    }
    r = error < 0 || saved->uncopied ? write_profiles(&saved->truth) : 0;
    if (r < 0) {
        end(saved, r, "NetworkManager's profile can't be written");
        return;
    }
    nm_reload_profiles(saved->options.nm, on_reloaded, saved);
}

static void on_truth_checked(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata)
{
    struct saved *saved = userdata;

    if (error >= 0)
        error = take_profiles(&saved->truth, profiles, &message);
    if (error < 0)
        end(saved, error, message);
    else
        generate(saved);
}

int saved_apply(struct saved *saved, saved_done done, void *userdata)
{
    int r;

    if (saved->done)
        return -EBUSY;
    if (!saved->truth.text || saved->truth.profiles)
        r = netplan_generate(saved->netplan, on_generated, saved);
    else
        r = netplan_check(
                saved->netplan, saved->truth.text, saved->truth.size, on_truth_checked, saved);
    return r < 0 ? r : begin(saved, done, userdata);
}

/* The rest of a file that works is one that works: it needs no check before it is installed. */
static int forget_one(struct saved *saved, const struct ssid *ssid)
{
    _cleanup_(wifi_list_clear) struct wifi_list networks = {};
    struct saved_version rest = {};
    const char *file = saved_profile_file(saved, ssid);
    int r;

    r = wifi_list_copy(&saved->truth.networks, &networks);
    if (r < 0)
        return r;
    if (!wifi_list_remove(&networks, ssid))
        return -ENOENT;
    r = saved_version_make(&networks, saved->options.interface, &rest);
    if (r < 0)
        return r;
    r = replace(saved, &rest, true);
    if (r < 0) {
        saved_version_clear(&rest);
        return r;
    }
    if (file) {
        remove_profile(file);
        netplan_profiles_remove(saved->truth.profiles, ssid);
    }
    rest.profiles = STEAL(saved->truth.profiles);
    saved_version_move(&rest, &saved->truth);
    return 0;
}

static int forget_all(struct saved *saved)
{
    struct saved_version nothing = {};
    int r;

    r = replace(saved, &nothing, true);
    if (r < 0)
        return r;
    remove_profiles(&saved->truth);
    saved_version_clear(&saved->truth);
    return 0;
}

int saved_forget(struct saved *saved, const struct ssid *ssid, saved_done done, void *userdata)
{
    int r;

    if (saved->done)
        return -EBUSY;
    r = ssid ? forget_one(saved, ssid) : forget_all(saved);
    if (r < 0)
        return r;
    saved_tidy(saved);
    r = saved_apply(saved, done, userdata);
    if (r < 0)
        done(r, "netplan can't be run", userdata);
    return 0;
}

static void on_change_checked(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata)
{
    struct saved *saved = userdata;

    if (error >= 0)
        error = take_profiles(&saved->checked, profiles, &message);
    if (error >= 0) {
        error = saved_install(saved);
        message = error < 0 ? "the change can't be saved" : NULL;
    }
    if (error < 0)
        end(saved, error, message);
    else
        generate(saved);
}

int saved_set_priority(
        struct saved *saved, const struct ssid *ssid, int priority, saved_done done, void *userdata)
{
    const struct wifi_network *known = saved_find(saved, ssid);
    struct wifi_network changed;
    int r;

    if (!known)
        return -ENOENT;
    changed = *known;
    changed.priority = priority;
    r = check_with(saved, &changed, done, userdata, on_change_checked);
    wifi_network_erase(&changed);
    return r;
}
