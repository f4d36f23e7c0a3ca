/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Brings NetworkManager in line with the wire's files: netplan makes the profile, NetworkManager
 * reads and activates it. */

#include "netplan.h"
#include "nm.h"
#include "paths.h"

struct wired_apply;

/* All are borrowed. 0 or a negative errno. */
int wired_apply_new(const struct paths *paths, const char *interface, struct nm *nm,
        struct netplan *netplan, struct wired_apply **ret);

/* Ends what runs, without its callback. Accepts NULL; returns NULL. */
struct wired_apply *wired_apply_free(struct wired_apply *apply);

/*
 * `text` is the wire's file, "" for none. `profile` is what netplan made of it, or NULL when that
 * isn't known; it is taken over. Ends with one call of `done`.
 */
void wired_apply_start(struct wired_apply *apply, const char *text,
        struct netplan_profiles *profiles, nm_done done, void *userdata);

DEFINE_CLEANUP(struct wired_apply *, wired_apply_free);
