/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A change of the wire as a transaction. A fixed address is tried under a checkpoint of
 * NetworkManager, and kept when somebody confirms it over that very address; until then nothing of
 * it is where a start would find it, and NetworkManager itself goes back when we can't. DHCP needs
 * no confirmation: it is what the device goes back to.
 */

#include <stdio.h>

#include "nm.h"
#include "paths.h"
#include "wired-yaml.h"

#define WIRED_CONFIRM_USEC (60 * USEC_PER_SEC)

struct wired;

struct wired_options {
    sd_event *event;
    const struct paths *paths; /* borrowed, like the next two */
    const char *interface;
    struct nm *nm;
    uint64_t confirm_usec; /* WIRED_CONFIRM_USEC; less in tests */
    /* Something that wired_to_json() tells has changed. Don't work in it. */
    void (*changed)(void *userdata);
    void *userdata;
};

int wired_new(const struct wired_options *options, struct wired **ret);

/* A change that goes on is left to the next start, or to NetworkManager. Accepts NULL; returns
 * NULL. */
struct wired *wired_free(struct wired *wired);

/* Whether a change goes on; a second one, and a join, have to wait for its end. */
bool wired_running(const struct wired *wired);

/* Whether it uses netplan for all of /etc/netplan just now: nobody else may at the same time. */
bool wired_generating(const struct wired *wired);

/* Whether the customer has given it a fixed address that was confirmed. */
bool wired_is_fixed(const struct wired *wired);

/*
 * Begins a change to a fixed address, or with NULL to DHCP. 0, -EBUSY, -ENOTCONN without
 * NetworkManager or, for a fixed address, without a cable, -ENOPKG without netplan, or another
 * negative errno.
 */
int wired_set(struct wired *wired, const struct wired_settings *settings);

/*
 * Keeps what is tried. `address` is the one that whoever confirms has reached the device on, and
 * NULL when he didn't come over the network at all. 0, -ENOENT when nothing waits for it, -EAGAIN
 * when the new address isn't up yet, -EADDRNOTAVAIL when it isn't the new one, or what kept the
 * files from being written.
 */
int wired_confirm(struct wired *wired, const char *address);

/* {"method", "static", "pending", "last"}; see the README. NULL: out of memory. */
json_t *wired_to_json(const struct wired *wired);

/* Adds "; 192.0.2.7 on eth0 waits for …" to a status line, if there is a change. */
void wired_print(const struct wired *wired, FILE *line);

/* The wire, or NetworkManager, or what `others_busy` has changed; the last is whether somebody else
 * uses netplan. */
void wired_look(struct wired *wired, bool others_busy);

DEFINE_CLEANUP(struct wired *, wired_free);
