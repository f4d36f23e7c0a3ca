/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Normally netplan does it for the whole of /etc/netplan; when a stranger's file keeps it from
 * that, the profile from our file alone is used, or the old one removed.
 */

#include "wired-apply.h"

#include <stdio.h>
#include <string.h>

#include "nm-wire.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/store.h"

struct wired_apply {
    const struct paths *paths;
    const char *interface;
    struct nm *nm;
    struct netplan *netplan;
    char *text;
    struct netplan_profiles *profiles;
    char *file; /* where the profile lies */
    nm_done done;
    void *userdata;
};

int wired_apply_new(const struct paths *paths, const char *interface, struct nm *nm,
        struct netplan *netplan, struct wired_apply **ret)
{
    struct wired_apply *apply = calloc(1, sizeof(*apply));

    if (!apply)
        return -ENOMEM;
    apply->paths = paths;
    apply->interface = interface;
    apply->nm = nm;
    apply->netplan = netplan;
    *ret = apply;
    return 0;
}

static void clear(struct wired_apply *apply)
{
    free(apply->text);
    apply->text = NULL;
    apply->profiles = netplan_profiles_free(apply->profiles);
    free(apply->file);
    apply->file = NULL;
}

struct wired_apply *wired_apply_free(struct wired_apply *apply)
{
    if (!apply)
        return NULL;
    clear(apply);
    free(apply);
    return NULL;
}

static void end(struct wired_apply *apply, int error, const char *message)
{
    clear(apply);
    apply->done(error, message, apply->userdata);
}

static void on_activated(int error, const char *message, void *userdata)
{
    /* Without a profile of netplan's NetworkManager takes the one in /usr/lib, by itself. */
    end(userdata, error == -ENOENT ? 0 : error, message);
}

static void on_reloaded(int error, const char *message, void *userdata)
{
    struct wired_apply *apply = userdata;

    if (error < 0)
        end(apply, error, message);
    else
        nm_wire_activate(apply->nm, apply->file, on_activated, apply);
}

/* As netplan would have done it, had it not stumbled over somebody else's file. */
static int make_profile(const struct wired_apply *apply)
{
    int r;

    if (*apply->text)
        return unbox_store_write(apply->file, apply->profiles->entries[0].keyfile,
                apply->profiles->entries[0].size, 0600, -1, -1);
    r = unbox_store_remove(apply->file);
    return r < 0 ? r : 0;
}

static void on_generated(
        int error, const char *message, struct netplan_profiles *none, void *userdata)
{
    struct wired_apply *apply = userdata;
    int r = 0;

    if (error < 0) {
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_NETPLAN_BROKEN, NULL,
                "netplan can't use /etc/netplan because of a file that isn't ours; the wire is "
                "set up without it: %s",
                message);
        r = make_profile(apply);
    }
    if (r < 0)
        end(apply, r, "NetworkManager's profile can't be written");
    else
        nm_reload_profiles(apply->nm, on_reloaded, apply);
}

static void generate(struct wired_apply *apply)
{
    const char *folder = apply->paths->generated;
    int r;

    /* netplan calls the profile of a wire so; that of a check says it itself. */
    r = apply->profiles
                ? asprintf(&apply->file, "%s", apply->profiles->entries[0].file)
                : asprintf(&apply->file, "%s/netplan-%s.nmconnection", folder, apply->interface);
    if (r < 0) {
        apply->file = NULL;
        end(apply, -ENOMEM, "out of memory");
        return;
    }
    r = netplan_generate(apply->netplan, on_generated, apply);
    if (r < 0)
        end(apply, r, "netplan can't be run");
}

static void on_checked(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata)
{
    struct wired_apply *apply = userdata;

    apply->profiles = profiles;
    if (error < 0)
        end(apply, error, message);
    else
        generate(apply);
}

void wired_apply_start(struct wired_apply *apply, const char *text,
        struct netplan_profiles *profiles, nm_done done, void *userdata)
{
    int r;

    apply->done = done;
    apply->userdata = userdata;
    apply->profiles = profiles;
    apply->text = strdup(text);
    if (!apply->text) {
        end(apply, -ENOMEM, "out of memory");
        return;
    }
    if (!*text || profiles) {
        generate(apply);
        return;
    }
    r = netplan_check(apply->netplan, text, strlen(text), on_checked, apply);
    if (r < 0)
        end(apply, r, "netplan can't be run");
}
