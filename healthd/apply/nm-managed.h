/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether NetworkManager is the master of an interface: a radio can't have two. */

#include "peer-bus.h"

struct nm_managed;

/* `complaint` is NULL when nobody else manages it, or says who does (or why that isn't known). */
typedef void (*nm_managed_fn)(const char *complaint, void *userdata);

/* Asks; NetworkManager isn't started for that. 0, and `done` is called exactly once unless it is
 * freed before; or a negative errno. */
int nm_managed_ask(sd_event *event, const char *interface, nm_managed_fn done, void *userdata,
        struct nm_managed **ret);

/* Accepts NULL; returns NULL. */
struct nm_managed *nm_managed_free(struct nm_managed *ask);

DEFINE_CLEANUP(struct nm_managed *, nm_managed_free);
