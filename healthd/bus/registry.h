/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which services there are: registered by a process of the unit of the same name, kept under /run
 * over healthd's own restart, dropped when the unit doesn't run any more. Changes are published as
 * registry.registered (data: the service) and registry.unregistered (data: name and unit).
 */

#include <jansson.h>

#include "bus.h"
#include "util.h"

#define REGISTRY_PATH "/run/unbox/healthd/registry.json"
#define REGISTRY_SERVICES 64
#define REGISTRY_SERVICE_SIZE (16 * 1024)

struct registry;

/* Whether a unit runs; for one that isn't watched yet, begin to, and say that it does. */
typedef bool (*registry_runs_fn)(const char *unit, void *userdata);

/* Reads what is at `path`; what isn't there or can't be used is begun anew. `bus` is borrowed. 0 or
 * a negative errno. */
int registry_open(const char *path, struct bus *bus, struct registry **ret);
struct registry *registry_free(struct registry *registry);

DEFINE_CLEANUP(struct registry *, registry_free);

/*
 * `params` as register_service has them; `unit` is the unit that the caller belongs to. 0, or with
 * *ret_message (static) set: -EINVAL: the parameters are wrong, -EPERM: the name is not his,
 * -EEXIST: a topic is somebody else's, -ENOSPC, or another negative errno.
 */
int registry_register(
        struct registry *registry, const char *unit, json_t *params, const char **ret_message);

/* -ENOENT: there is none, -EPERM: it isn't the caller's. */
int registry_unregister(struct registry *registry, const char *unit, const char *name);

/* Borrowed; NULL: there is none. */
json_t *registry_find(const struct registry *registry, const char *name);

/* An array of all, by name. NULL: out of memory. */
json_t *registry_list(const struct registry *registry);

/* Drops those whose unit doesn't run. */
void registry_check(struct registry *registry, registry_runs_fn runs, void *userdata);

/*
 * Whose topic this is: the unit of the service that has declared one with the same first word, or
 * NULL; *ret_durable whether it is to be kept. healthd's own words are nobody's: see
 * registry_is_reserved().
 */
const char *registry_topic_owner(
        const struct registry *registry, const char *topic, bool *ret_durable);
bool registry_is_reserved(const char *topic);
