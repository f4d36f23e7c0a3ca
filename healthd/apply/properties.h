/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings that somebody on the system bus keeps, as a JSON object of properties. */

#include <jansson.h>

#include "peer-bus.h"

/* `error` is NULL, or says why not. `values` is borrowed; NULL after a write. */
typedef void (*properties_fn)(const char *error, json_t *values, void *userdata);

struct properties_call;

struct properties_watch;

typedef void (*properties_changed_fn)(void *userdata);

/* Those who ask return 0, and call `done` exactly once unless the call is freed before, or return a
 * negative errno. `values` is borrowed for as long as the call. */
struct properties {
    const char *owner; /* as people call it */
    int (*read)(sd_event *event, properties_fn done, void *userdata, struct properties_call **ret);
    int (*write)(sd_event *event, json_t *values, properties_fn done, void *userdata,
            struct properties_call **ret);
    /* As read(), but nobody is started for it. `done` may be called at once, *ret is NULL then. */
    int (*look)(sd_event *event, properties_fn done, void *userdata, struct properties_call **ret);
    /* Who else changes them is seen by this file, … */
    const char *path;
    /* … or by signals: calls `changed` whenever they may be others, and when it has begun to
     * listen. 0 or a negative errno. */
    int (*watch)(sd_bus *bus, properties_changed_fn changed, void *userdata,
            struct properties_watch **ret);
};

/* Alias, Discoverable and DiscoverableTimeout of the first Bluetooth adapter. */
extern const struct properties properties_bluez;

/* Timezone. */
extern const struct properties properties_timedated;

/* Accepts NULL; returns NULL. */
struct properties_call *properties_call_free(struct properties_call *call);

DEFINE_CLEANUP(struct properties_call *, properties_call_free);

/* The same. */
struct properties_watch *properties_watch_free(struct properties_watch *watch);

DEFINE_CLEANUP(struct properties_watch *, properties_watch_free);

/* The name of the first that is wanted and isn't so; NULL: none. Borrowed from `wanted`. */
const char *properties_find_other(json_t *wanted, json_t *values);
