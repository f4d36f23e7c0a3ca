/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * netplan's generator, run in two ways: on one file alone in a root of its own, to see what comes
 * out before anything is installed; and on /etc/netplan, for real. Never `netplan apply`: that
 * takes the wire down and restarts NetworkManager.
 */

#include "paths.h"
#include "util.h"

struct netplan;

/* What netplan made of one file: a profile for NetworkManager. */
struct netplan_profile {
    char *name;    /* of the file, "netplan-wlan0-HomeNet.nmconnection" */
    char *keyfile; /* its content */
    size_t size;
};

/*
 * `error` is 0; -EINVAL when netplan refuses the file, -ENOENT when it isn't installed, -ETIMEDOUT,
 * or another negative errno. `message` is then what netplan said, or our own words. `profile` is
 * NULL unless a check succeeded; it is the callee's to keep.
 */
typedef void (*netplan_done)(
        int error, const char *message, struct netplan_profile *profile, void *userdata);

/* `paths` is borrowed. 0 or a negative errno. */
int netplan_new(sd_event *event, const struct paths *paths, struct netplan **ret);

/* Ends what runs, without its callback. Accepts NULL; returns NULL. */
struct netplan *netplan_free(struct netplan *netplan);

/* Generates from this text alone. 0 or a negative errno (-EBUSY: one runs already). */
int netplan_check(
        struct netplan *netplan, const char *text, size_t size, netplan_done done, void *userdata);

/* Generates from /etc/netplan into /run. When it fails /run is as before. As above. */
int netplan_generate(struct netplan *netplan, netplan_done done, void *userdata);

struct netplan_profile *netplan_profile_free(struct netplan_profile *profile);

DEFINE_CLEANUP(struct netplan *, netplan_free);
DEFINE_CLEANUP(struct netplan_profile *, netplan_profile_free);
