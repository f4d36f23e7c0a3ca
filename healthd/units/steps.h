/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the configuration wants to be done around a restart: the radio switched on through
 * NetworkManager, the Bluetooth adapters powered through BlueZ. A step is a help and no condition:
 * one that fails is logged, and all of them together end in time, one way or the other.
 */

#include <systemd/sd-bus.h>

#include "util.h"

/* So long may the steps of one list take together. */
#define STEPS_TIMEOUT_USEC (3 * USEC_PER_SEC)

struct steps;

/*
 * Begins with the first of `names` (of the schema's, ended by NULL; not needed afterwards), and
 * does the others in their order. `unit` is for the log. Returns 1 with *ret filled: done() will be
 * called, from the event loop, and frees it or leaves that to who holds it; 0 when there is nothing
 * to wait for; or a negative errno. `bus` may be NULL: then each step fails.
 */
int steps_begin(sd_bus *bus, const char *unit, const char *const *names,
        void (*done)(void *userdata), void *userdata, struct steps **ret);

/* done() isn't called any more. Accepts NULL; returns NULL. */
struct steps *steps_free(struct steps *steps);

DEFINE_CLEANUP(struct steps *, steps_free);
