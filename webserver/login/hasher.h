/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * crypt(3) beside the event loop. A hash of a password is made to be slow (100 ms and more, 16
 * MiB): it is computed in a thread, one at a time, while the page goes on being served.
 */

#include <systemd/sd-event.h>

#include "util.h"

struct hasher;

/* How many may wait while one is computed. */
#define HASHER_WAITING_MAX 8

/*
 * `error` 0: `hash` is what crypt(3) gives, borrowed. Otherwise -EINVAL (the setting is none that
 * crypt knows), or -ECANCELED: the hasher is being freed.
 */
typedef void (*hasher_done)(int error, const char *hash, void *userdata);

int hasher_new(sd_event *event, struct hasher **ret);

/* Waits for the one that is being computed; what has not been told is told now, as -ECANCELED.
 * Accepts NULL; returns NULL. */
struct hasher *hasher_free(struct hasher *hasher);

DEFINE_CLEANUP(struct hasher *, hasher_free);

/*
 * `setting` is a hash made before, to compare with, or NULL for a new one: yescrypt, with a salt of
 * its own. 0: `done` is called once, later. -EBUSY: too many wait; or another negative errno.
 */
int hasher_start(struct hasher *hasher, const char *phrase, const char *setting, hasher_done done,
        void *userdata);
