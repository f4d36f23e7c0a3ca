/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Settings that somebody on the system bus keeps, as a JSON object of properties. */

#include <jansson.h>

#include "peer-bus.h"

/* `error` is NULL, or says why not. `values` is borrowed; NULL after a write. */
typedef void (*properties_fn)(const char *error, json_t *values, void *userdata);

struct properties_call;

/* Both return 0, and call `done` exactly once unless the call is freed before, or return a negative
 * errno. `values` is borrowed for as long as the call. */
struct properties {
    int (*read)(sd_event *event, properties_fn done, void *userdata, struct properties_call **ret);
    int (*write)(sd_event *event, json_t *values, properties_fn done, void *userdata,
            struct properties_call **ret);
};

/* Alias, Discoverable and DiscoverableTimeout of the first Bluetooth adapter. */
extern const struct properties properties_bluez;

/* Timezone. */
extern const struct properties properties_timedated;

/* Accepts NULL; returns NULL. */
struct properties_call *properties_call_free(struct properties_call *call);

DEFINE_CLEANUP(struct properties_call *, properties_call_free);
