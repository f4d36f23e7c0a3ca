/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The functional checks of the configuration: each runs at its interval, bounded in time, while its
 * service does. Changes become journal entries and remembered events.
 */

#include <jansson.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "memory.h"
#include "unbox/config.h"
#include "util.h"

/* The `service` of what belongs to none. */
#define CHECKS_DEVICE "device"

struct checks;

/* All are called from the event loop. */
struct checks_ops {
    /* Whether the unit runs, so that its checks can tell something. */
    bool (*runs)(const char *unit, void *userdata);
    /* NULL: there is none now. */
    sd_bus *(*bus)(void *userdata);
    /*
     * Something is different now. `unit` is NULL for the device. `trouble`: what the first failing
     * check says, or NULL. `sick`: a check that heals failed when it last ran. `heal`: so often
     * that the unit is to be restarted.
     */
    void (*changed)(const char *unit, const char *trouble, bool sick, bool heal, void *userdata);
};

/* Nothing runs until checks_start(). `memory` and `ops` are borrowed. 0 or a negative errno. */
int checks_new(sd_event *event, struct memory *memory, const struct unbox_config *config,
        const struct checks_ops *ops, void *userdata, struct checks **ret);

/* Accepts NULL; returns NULL. */
struct checks *checks_free(struct checks *checks);

DEFINE_CLEANUP(struct checks *, checks_free);

/* Another configuration. On failure the old one stays. 0 or a negative errno. */
int checks_configure(struct checks *checks, const struct unbox_config *config);

/* Runs all of them now, and from then on at their intervals; a second call does nothing. */
void checks_start(struct checks *checks);

/* Each has found something since the start; there may be none. */
bool checks_are_known(const struct checks *checks);

/* The checks of a unit, or with NULL of the device: an array. NULL: out of memory. */
json_t *checks_to_json(const struct checks *checks, const char *unit);

/* The device in one word; NULL: it has no checks. */
const char *checks_device_state(const struct checks *checks);

/* The device as a service, or NULL when it has no checks or for lack of memory. */
json_t *checks_device_to_json(const struct checks *checks, bool detail);

/* What the first failing check of the unit, or of the device, says; NULL: nothing. Borrowed. */
const char *checks_trouble(const struct checks *checks, const char *unit);
