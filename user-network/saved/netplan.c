/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs netplan's generator. The program behind the `netplan` command is preferred: the command is
 * Python and takes seconds on a small device to start it.
 */

#include "netplan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "child.h"
#include "unbox/store.h"

#define GENERATE_TIMEOUT_USEC (30 * USEC_PER_SEC)
#define PROFILE_MAX (64 * 1024)

struct netplan {
    sd_event *event;
    const struct paths *paths;
    const char *check_root;
    const char *check_name;
    struct child *child;
    bool checking;
    netplan_done done;
    void *userdata;
};

int netplan_new(sd_event *event, const struct paths *paths, struct netplan **ret)
{
    return netplan_new_for(event, paths, paths->check_root, "60-user-netplan.yaml", ret);
}

int netplan_new_for(sd_event *event, const struct paths *paths, const char *check_root,
        const char *name, struct netplan **ret)
{
    struct netplan *netplan = calloc(1, sizeof(*netplan));

    if (!netplan)
        return -ENOMEM;
    netplan->event = sd_event_ref(event);
    netplan->paths = paths;
    netplan->check_root = check_root;
    netplan->check_name = name;
    *ret = netplan;
    return 0;
}

struct netplan *netplan_free(struct netplan *netplan)
{
    if (!netplan)
        return NULL;
    child_free(netplan->child);
    sd_event_unref(netplan->event);
    free(netplan);
    return NULL;
}

static void profile_clear(struct netplan_profile *profile)
{
    free(profile->file);
    if (profile->keyfile)
        explicit_bzero(profile->keyfile, profile->size);
    free(profile->keyfile);
    *profile = (struct netplan_profile){};
}

struct netplan_profiles *netplan_profiles_free(struct netplan_profiles *profiles)
{
    if (!profiles)
        return NULL;
    for (size_t i = 0; i < profiles->n_entries; i++)
        profile_clear(&profiles->entries[i]);
    free(profiles->entries);
    free(profiles);
    return NULL;
}

void netplan_profiles_remove(struct netplan_profiles *profiles, const struct ssid *ssid)
{
    for (size_t i = 0; i < profiles->n_entries; i++) {
        if (!ssid_equal(&profiles->entries[i].ssid, ssid))
            continue;
        profile_clear(&profiles->entries[i]);
        profiles->entries[i] = profiles->entries[--profiles->n_entries];
        return;
    }
}

/* The argument vector of the generator that is installed, or -ENOPKG. */
static int find_generator(const char *root, const char *ret_argv[static 5])
{
    static const char *const programs[][2] = {
            {"/usr/libexec/netplan/generate", NULL},
            {"/lib/netplan/generate", NULL},
            {"/usr/sbin/netplan", "generate"},
    };

    for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
        int n = 0;

        if (access(programs[i][0], X_OK) < 0)
            continue;
        ret_argv[n++] = programs[i][0];
        if (programs[i][1])
            ret_argv[n++] = programs[i][1];
        if (root) {
            ret_argv[n++] = "--root-dir";
            ret_argv[n++] = root;
        }
        ret_argv[n] = NULL;
        return 0;
    }
    return -ENOPKG;
}

static int add_profile(const struct netplan *netplan, const char *folder, const char *name,
        struct netplan_profiles *profiles)
{
    struct netplan_profile *longer, *profile;
    _cleanup_free_ char *path = NULL;

    longer = reallocarray(profiles->entries, profiles->n_entries + 1, sizeof(*longer));
    if (!longer)
        return -ENOMEM;
    profiles->entries = longer;
    profile = &longer[profiles->n_entries++];
    *profile = (struct netplan_profile){};
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (asprintf(&profile->file, "%s/%s", netplan->paths->generated, name) < 0) {
        profile->file = NULL;
        return -ENOMEM;
    }
    return unbox_store_read(path, PROFILE_MAX, &profile->keyfile, &profile->size);
}

/* The profiles that a check made; -EINVAL when there are none. */
static int read_profiles(
        const struct netplan *netplan, const char *folder, struct netplan_profiles **ret)
{
    _cleanup_(netplan_profiles_free_p) struct netplan_profiles *profiles =
            calloc(1, sizeof(*profiles));
    struct dirent *entry;
    DIR *dir;
    int r = 0;

    if (!profiles)
        return -ENOMEM;
    dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? -EINVAL : -errno;
    while (r >= 0 && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            r = add_profile(netplan, folder, entry->d_name, profiles);
    closedir(dir);
    if (r < 0)
        return r;
    if (profiles->n_entries == 0)
        return -EINVAL;
    *ret = STEAL(profiles);
    return 0;
}

static int collect_check(struct netplan *netplan, struct netplan_profiles **ret)
{
    _cleanup_free_ char *folder = NULL;

    if (asprintf(&folder, "%s/run/NetworkManager/system-connections", netplan->check_root) < 0) {
        folder = NULL;
        return -ENOMEM;
    }
    return read_profiles(netplan, folder, ret);
}

/*
 * The line that matters. What follows it is an excerpt of the file, which may hold a password; what
 * comes before are GLib's warnings and empty lines.
 */
static const char *find_complaint(char *output)
{
    char *line, *rest = output;

    while ((line = strsep(&rest, "\n")))
        if (*line && strncmp(line, "**", 2) != 0)
            return line;
    return "it failed without a word";
}

static void on_ended(int status, char *output, void *userdata)
{
    struct netplan *netplan = userdata;
    struct netplan_profiles *profiles = NULL;
    const char *message = NULL;
    int error;

    netplan->child = NULL;
    error = status > 0 ? -EINVAL : status;
    if (error == -ETIMEDOUT)
        message = "netplan took too long";
    else if (error < 0)
        message = find_complaint(output);
    if (netplan->checking) {
        if (error == 0) {
            error = collect_check(netplan, &profiles);
            message = error < 0 ? "netplan made no profile of it" : NULL;
        }
        /* It holds the password. */
        (void)unbox_store_remove_tree(netplan->check_root);
    }
    netplan->done(error, message, profiles, netplan->userdata);
}

static int run(struct netplan *netplan, const char *root, netplan_done done, void *userdata)
{
    const char *argv[5];
    int r;

    r = find_generator(root, argv);
    if (r < 0)
        return r;
    netplan->checking = root != NULL;
    netplan->done = done;
    netplan->userdata = userdata;
    return child_start(
            netplan->event, argv, GENERATE_TIMEOUT_USEC, on_ended, netplan, &netplan->child);
}

/* Puts the text into a fresh root; everything in it is root's alone from the first moment. */
static int fill_check_root(const struct netplan *netplan, const char *text, size_t size)
{
    static const char *const folders[] = {"", "/etc", "/etc/netplan"};
    _cleanup_free_ char *file = NULL;
    int r;

    r = unbox_store_remove_tree(netplan->check_root);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
        _cleanup_free_ char *folder = NULL;

        if (asprintf(&folder, "%s%s", netplan->check_root, folders[i]) < 0) {
            folder = NULL;
            return -ENOMEM;
        }
        if (mkdir(folder, 0700) < 0)
            return -errno;
    }
    if (asprintf(&file, "%s/etc/netplan/%s", netplan->check_root, netplan->check_name) < 0) {
        file = NULL;
        return -ENOMEM;
    }
    return unbox_store_write(file, text, size, 0600, -1, -1);
}

int netplan_check(
        struct netplan *netplan, const char *text, size_t size, netplan_done done, void *userdata)
{
    int r;

    if (netplan->child)
        return -EBUSY;
    r = fill_check_root(netplan, text, size);
    if (r >= 0)
        r = run(netplan, netplan->check_root, done, userdata);
    if (r < 0)
        (void)unbox_store_remove_tree(netplan->check_root);
    return r;
}

int netplan_generate(struct netplan *netplan, netplan_done done, void *userdata)
{
    if (netplan->child)
        return -EBUSY;
    return run(netplan, NULL, done, userdata);
}
