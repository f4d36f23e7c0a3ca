/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The customer's networks: the file that says which they are, its copy for netplan, and the
 * profiles that NetworkManager has from it. The first is the truth, the others follow it.
 */

#include "netplan.h"
#include "nm.h"
#include "paths.h"
#include "wifi-yaml.h"

struct saved;

struct saved_options {
    const struct paths *paths;
    const char *interface; /* borrowed, like all of these */
    struct nm *nm;
};

/* `message` tells a technician what is wrong, and is NULL with error 0. */
typedef void (*saved_done)(int error, const char *message, void *userdata);

/* Reads the truth, and makes the installed copy equal to it. One that can't be read is as none, but
 * leaves the copy. 0 or a negative errno. */
int saved_new(sd_event *event, const struct saved_options *options, struct saved **ret);

/* Accepts NULL; returns NULL. */
struct saved *saved_free(struct saved *saved);

/* Empty when there are none. Valid until the next call that changes them. */
const struct wifi_list *saved_networks(const struct saved *saved);

/* The one that is joined first when all are in reach, or NULL. */
const struct wifi_network *saved_first(const struct saved *saved);

/* NULL when it isn't saved. */
const struct wifi_network *saved_find(const struct saved *saved, const struct ssid *ssid);

/* Where the profile lies that netplan makes of this network, or NULL while that isn't known. */
const char *saved_profile_file(const struct saved *saved, const struct ssid *ssid);

/* Whether NetworkManager has a profile of each. */
bool saved_profiles_loaded(const struct saved *saved);

/* What is wrong with somebody else's file in /etc/netplan, in netplan's words, or NULL. */
const char *saved_stranger(const struct saved *saved);

/* Whether /etc/netplan can't have the truth's copy: then the profiles are made without it. */
bool saved_uncopied(const struct saved *saved);

/* Whether NetworkManager may still have what was forgotten as the power went, or as we were killed:
 * saved_apply() mends it. */
bool saved_left(const struct saved *saved);

bool saved_busy(const struct saved *saved);

/*
 * Has netplan try the saved networks with this one added or changed, off /etc/netplan. Afterwards
 * saved_keyfile() has the profile that came of it. 0; -EILSEQ: see wifi_yaml_write(); -ENOSPC: too
 * many are saved; or another negative errno.
 */
int saved_check(
        struct saved *saved, const struct wifi_network *network, saved_done done, void *userdata);

/* The profile that the last check made of this network, NULL before. */
const struct netplan_profile *saved_keyfile(const struct saved *saved, const struct ssid *ssid);

/* Tells what was checked last from any other state. Free it with g_free(). */
char *saved_checked_digest(const struct saved *saved);

/* Whether the truth is what had this digest when it was checked. */
bool saved_is(const struct saved *saved, const char *digest);

/* Makes what was checked last the truth, and installs it. 0 or a negative errno; then what was
 * before stands. */
int saved_install(struct saved *saved);

/* Takes the last saved_install() back: what was the truth before, or nothing, is so again. */
int saved_put_back(struct saved *saved);

/*
 * Brings NetworkManager's profiles in line with the truth. Normally netplan does it for the whole
 * of /etc/netplan; when a stranger's file keeps it from that, those from our file alone are used.
 */
int saved_apply(struct saved *saved, saved_done done, void *userdata);

/*
 * Forgets one, or all when `ssid` is NULL: the files change now, the profiles with the
 * saved_apply() that this starts; when that can't begin, `done` is called at once. 0, -ENOENT when
 * it isn't saved, or another negative errno.
 */
int saved_forget(struct saved *saved, const struct ssid *ssid, saved_done done, void *userdata);

/* Checks, installs and applies the change. As above. */
int saved_set_priority(struct saved *saved, const struct ssid *ssid, int priority, saved_done done,
        void *userdata);

/* Drops what was checked and what was before the last install, which can't be put back then, and
 * removes the certificates that the truth doesn't need. Does nothing while it is busy. */
void saved_tidy(struct saved *saved);

DEFINE_CLEANUP(struct saved *, saved_free);
