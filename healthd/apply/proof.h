/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The proof that a unit works with what it is to read: it is restarted, runs, goes on running, and
 * has done what it is there for. */

#include "units.h"

struct proof;

struct proof_options {
    const char *unit;
    const char *interface; /* with `address`, or both NULL */
    const char *address;   /* that the interface must have */
    uint64_t settle_usec;  /* for how long the unit must have run without an end */
};

/* `error` is NULL when it works, or a sentence. */
typedef void (*proof_fn)(const char *error, void *userdata);

/* Restarts the unit. 0, and `done` is called exactly once, or a negative errno. `units` goes before
 * the proof does; strings are copied. */
int proof_start(sd_event *event, struct units *units, const struct proof_options *options,
        proof_fn done, void *userdata, struct proof **ret);

/* Only from `done`, or when the units have gone. Accepts NULL; returns NULL. */
struct proof *proof_free(struct proof *proof);

DEFINE_CLEANUP(struct proof *, proof_free);
