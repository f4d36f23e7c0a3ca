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
    struct child *child;
    bool checking;
    netplan_done done;
    void *userdata;
};

int netplan_new(sd_event *event, const struct paths *paths, struct netplan **ret)
{
    struct netplan *netplan = calloc(1, sizeof(*netplan));

    if (!netplan)
        return -ENOMEM;
    netplan->event = sd_event_ref(event);
    netplan->paths = paths;
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

struct netplan_profile *netplan_profile_free(struct netplan_profile *profile)
{
    if (!profile)
        return NULL;
    free(profile->name);
    if (profile->keyfile)
        explicit_bzero(profile->keyfile, profile->size);
    free(profile->keyfile);
    free(profile);
    return NULL;
}

/* The argument vector of the generator that is installed, or -ENOENT. */
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
    return -ENOENT;
}

/* The one profile that a check made; -EINVAL when there is none or a second one. */
static int read_profile(const char *folder, struct netplan_profile **ret)
{
    _cleanup_(netplan_profile_free_p) struct netplan_profile *profile = calloc(1, sizeof(*profile));
    _cleanup_free_ char *path = NULL;
    struct dirent *entry;
    DIR *dir;
    int r;

    if (!profile)
        return -ENOMEM;
    dir = opendir(folder);
    if (!dir)
        return errno == ENOENT ? -EINVAL : -errno;
    while ((entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        if (profile->name) {
            closedir(dir);
            return -EINVAL;
        }
        profile->name = strdup(entry->d_name);
    }
    closedir(dir);
    if (!profile->name)
        return -EINVAL;
    if (asprintf(&path, "%s/%s", folder, profile->name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(path, PROFILE_MAX, &profile->keyfile, &profile->size);
    if (r < 0)
        return r;
    *ret = STEAL(profile);
    return 0;
}

static int collect_check(struct netplan *netplan, struct netplan_profile **ret)
{
    _cleanup_free_ char *folder = NULL;

    if (asprintf(&folder, "%s/run/NetworkManager/system-connections", netplan->paths->check_root) <
            0) {
        folder = NULL;
        return -ENOMEM;
    }
    return read_profile(folder, ret);
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
    struct netplan_profile *profile = NULL;
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
            error = collect_check(netplan, &profile);
            message = error < 0 ? "netplan made no profile of it" : NULL;
        }
        /* It holds the password. */
        (void)unbox_store_remove_tree(netplan->paths->check_root);
    }
    netplan->done(error, message, profile, netplan->userdata);
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
static int fill_check_root(const struct paths *paths, const char *text, size_t size)
{
    static const char *const folders[] = {"", "/etc", "/etc/netplan"};
    _cleanup_free_ char *file = NULL;
    int r;

    r = unbox_store_remove_tree(paths->check_root);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
        _cleanup_free_ char *folder = NULL;

        if (asprintf(&folder, "%s%s", paths->check_root, folders[i]) < 0) {
            folder = NULL;
            return -ENOMEM;
        }
        if (mkdir(folder, 0700) < 0)
            return -errno;
    }
    if (asprintf(&file, "%s/etc/netplan/60-user-netplan.yaml", paths->check_root) < 0) {
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
    r = fill_check_root(netplan->paths, text, size);
    if (r >= 0)
        r = run(netplan, netplan->paths->check_root, done, userdata);
    if (r < 0)
        (void)unbox_store_remove_tree(netplan->paths->check_root);
    return r;
}

int netplan_generate(struct netplan *netplan, netplan_done done, void *userdata)
{
    if (netplan->child)
        return -EBUSY;
    return run(netplan, NULL, done, userdata);
}
