/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One state of the customer's networks: its file, what the file says, and what netplan makes of it.
 * There are three at a time: the truth, the one before it, and the one that is being tried.
 */

#include "netplan.h"
#include "wifi-yaml.h"

/* Bytes of a file: all the networks that fit into a list, with all that they may have. */
#define SAVED_FILE_MAX (128 * 1024)

struct saved_version {
    char *text; /* NULL: no network */
    size_t size;
    struct wifi_list networks;
    struct netplan_profiles *profiles; /* NULL while netplan hasn't been asked */
};

void saved_version_clear(struct saved_version *version);

/* `to` is cleared first, `from` is then empty. */
void saved_version_move(struct saved_version *from, struct saved_version *to);

/* Writes the file of `networks`, which are taken over on success; an empty list is no file. 0, or
 * as wifi_yaml_write(). */
int saved_version_make(
        struct wifi_list *networks, const char *interface, struct saved_version *ret);

/* Reads it from the disk. 0 (also when there is none), or a negative errno (-EBADMSG, -EFBIG: it
 * isn't one of ours). */
int saved_version_read(const char *path, struct saved_version *ret);

/*
 * Takes the profiles that came of its file, and finds whose each is. 0, or -EINVAL when one of the
 * networks has none, or comes out of netplan under another name; they are taken over either way.
 */
int saved_version_profiles(struct saved_version *version, struct netplan_profiles *profiles);

/* NULL when it isn't known. */
const struct netplan_profile *saved_version_profile(
        const struct saved_version *version, const struct ssid *ssid);

/* Tells this state from any other, and nothing of what is in it; "" for no network. Free it with
 * g_free(). */
char *saved_version_digest(const struct saved_version *version);

/* Whether this certificate is of one of the networks. */
bool saved_version_needs(const struct saved_version *version, const char *path);
