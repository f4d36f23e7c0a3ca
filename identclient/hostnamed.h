/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hostname, through systemd-hostnamed. Under ProtectHostname= a process keeps the name that it
 * was started with: what counts is what hostnamed says, never gethostname().
 */

#include <systemd/sd-event.h>

#include "util.h"

struct hostnamed;

/* `error` is 0 or a negative errno, and then `message` is hostnamed's or the bus's text. */
typedef void (*hostnamed_done_fn)(int error, const char *message, void *userdata);

/* `name` is borrowed, the static hostname; NULL on error. */
typedef void (*hostnamed_name_fn)(int error, const char *name, void *userdata);

/* Connects to the system bus. 0 or a negative errno. */
int hostnamed_new(sd_event *event, struct hostnamed **ret);

/* A call under way ends without its callback. Accepts NULL; returns NULL. */
struct hostnamed *hostnamed_free(struct hostnamed *hostnamed);

DEFINE_CLEANUP(struct hostnamed *, hostnamed_free);

/*
 * Sets the static hostname (the one that survives a reboot) and the running one, and reads both
 * back: `done` is called with 0 only when they are `hostname`.
 */
int hostnamed_set(
        struct hostnamed *hostnamed, const char *hostname, hostnamed_done_fn done, void *userdata);

/* Reads the static hostname. */
int hostnamed_get(struct hostnamed *hostnamed, hostnamed_name_fn fn, void *userdata);
