/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The customer's network: the file that says which it is, its copy for netplan, and the profile
 * that NetworkManager has from it. The first is the truth, the others follow it.
 */

#include "netplan.h"
#include "nm.h"
#include "paths.h"
#include "wifi-yaml.h"

struct saved;

struct saved_options {
    const struct paths *paths;
    const char *interface; /* borrowed, like all of these */
    const char *country;
    struct nm *nm;
};

/* `message` tells a technician what is wrong, and is NULL with error 0. */
typedef void (*saved_done)(int error, const char *message, void *userdata);

/* Reads the truth, and makes the installed copy equal to it. 0 or a negative errno. */
int saved_new(sd_event *event, const struct saved_options *options, struct saved **ret);

/* Accepts NULL; returns NULL. */
struct saved *saved_free(struct saved *saved);

/* NULL when there is none. */
const struct wifi_network *saved_network(const struct saved *saved);

/* Where the profile lies that netplan makes, or NULL while that isn't known. */
const char *saved_profile_file(const struct saved *saved);

/* What is wrong with somebody else's file in /etc/netplan, in netplan's words, or NULL. */
const char *saved_stranger(const struct saved *saved);

bool saved_busy(const struct saved *saved);

/*
 * Has netplan try a network, alone, off /etc/netplan. Afterwards saved_keyfile() has the profile
 * that came of it. 0 or a negative errno; -EILSEQ: see wifi_yaml_write().
 */
int saved_check(
        struct saved *saved, const struct wifi_network *network, saved_done done, void *userdata);

/* The profile of the last check, NULL before. */
const struct netplan_profile *saved_keyfile(const struct saved *saved);

/* Makes the network that was checked last the truth, and installs it. 0 or a negative errno; then
 * the one before stands. */
int saved_install(struct saved *saved);

/* Takes the last saved_install() back: what was the truth before, or nothing, is so again. */
int saved_put_back(struct saved *saved);

/*
 * Brings NetworkManager's profile in line with the truth. Normally netplan does it for the whole of
 * /etc/netplan; when a stranger's file keeps it from that, the profile from our file alone is used.
 */
int saved_apply(struct saved *saved, saved_done done, void *userdata);

/* Forgets it: the files go now, the profile with the saved_apply() that this starts. */
int saved_forget(struct saved *saved, saved_done done, void *userdata);

DEFINE_CLEANUP(struct saved *, saved_free);
