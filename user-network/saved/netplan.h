/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * netplan's generator, run in two ways: on one file alone in a root of its own, to see what comes
 * out before anything is installed; and on /etc/netplan, for real. Never `netplan apply`: that
 * takes the wire down and restarts NetworkManager.
 */

#include "paths.h"
#include "ssid.h"
#include "util.h"

struct netplan;

/* What netplan makes of one network: a profile for NetworkManager. */
struct netplan_profile {
    char *file;    /* where it lies once it was generated for real */
    char *keyfile; /* its content */
    size_t size;
    struct ssid ssid; /* none, until somebody who can read a keyfile has filled it in */
};

struct netplan_profiles {
    struct netplan_profile *entries;
    size_t n_entries;
};

/*
 * `error` is 0; -EINVAL when netplan refuses the file, -ENOPKG when it isn't installed, -ETIMEDOUT,
 * or another negative errno. `message` is then what netplan said, or our own words. `profiles`
 * is NULL unless a check succeeded, and then has at least one; it is the callee's to keep.
 */
typedef void (*netplan_done)(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata);

/* `paths` is borrowed. 0 or a negative errno. */
int netplan_new(sd_event *event, const struct paths *paths, struct netplan **ret);

/* For another file than the customer's Wi-Fi: checks run in `check_root`, where it is called
 * `name`. All are borrowed. */
int netplan_new_for(sd_event *event, const struct paths *paths, const char *check_root,
        const char *name, struct netplan **ret);

/* Ends what runs, without its callback. Accepts NULL; returns NULL. */
struct netplan *netplan_free(struct netplan *netplan);

/* Generates from this text alone. 0 or a negative errno (-EBUSY: one runs already). */
int netplan_check(
        struct netplan *netplan, const char *text, size_t size, netplan_done done, void *userdata);

/* Generates from /etc/netplan into /run. When it fails /run is as before. As above. */
int netplan_generate(struct netplan *netplan, netplan_done done, void *userdata);

/* Accepts NULL; returns NULL. */
struct netplan_profiles *netplan_profiles_free(struct netplan_profiles *profiles);

/* Takes one out of the list, if it is there. */
void netplan_profiles_remove(struct netplan_profiles *profiles, const struct ssid *ssid);

DEFINE_CLEANUP(struct netplan *, netplan_free);
DEFINE_CLEANUP(struct netplan_profiles *, netplan_profiles_free);
