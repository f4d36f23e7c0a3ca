/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Installs sections of the product's configuration: validated first, proved afterwards, and what
 * was before is put back when the proof fails, when nobody confirms in time, and when healthd
 * itself ended in the middle. What was applied is watched: somebody may change it.
 */

#include "memory.h"
#include "units.h"

struct apply;

#define APPLY_VALIDATION_FAILED "VALIDATION_FAILED"
#define APPLY_RESTART_FAILED "RESTART_FAILED"
#define APPLY_CONFLICT "CONFLICT"
#define APPLY_FAILED_CODE "APPLY_FAILED"

#define APPLY_CONFIRM_MAX_SECONDS (24 * 60 * 60)

/* Of the suite's configuration. */
struct apply_options {
    const char *interface; /* for sections that name none; copied */
    uint64_t settle_usec;  /* for how long a unit has to run before it is believed */
};

/* Reads what is known of earlier applies; `units` and `memory` are borrowed. 0 or a negative errno.
 */
int apply_new(sd_event *event, struct units *units, struct memory *memory,
        const struct apply_options *options, struct apply **ret);

/* After the units have gone. Who waits is answered; what is under way is gone back on at the next
 * start. Accepts NULL; returns NULL. */
struct apply *apply_free(struct apply *apply);

DEFINE_CLEANUP(struct apply *, apply_free);

/* Another configuration. 0 or a negative errno. */
int apply_configure(struct apply *apply, const struct apply_options *options);

/* The connection to the system bus came, or went: what was applied to others on it is watched
 * there. */
void apply_connected(struct apply *apply, sd_bus *bus);
void apply_disconnected(struct apply *apply);

/* To be called when the units have changed: goes on with what has waited for systemd. */
void apply_resume(struct apply *apply);

/* `code` is NULL when all is well (`restarted`: the unit's short name, or NULL), or one of the
 * above or of the protocol's, with a sentence in `message`. */
typedef void (*apply_fn)(
        const char *code, const char *message, const char *restarted, void *userdata);

/* Applies a section. `confirm_usec` 0: for good; otherwise it goes back unless apply_confirm() is
 * called in time. `done` is called exactly once, perhaps at once. */
void apply_section(struct apply *apply, const char *section, uint64_t confirm_usec, apply_fn done,
        void *userdata);

/* Keeps what was applied. The same, always at once. */
void apply_confirm(struct apply *apply, const char *section, apply_fn done, void *userdata);

/* Section → what is known of it; those never applied are left out. NULL: out of memory. */
json_t *apply_to_json(struct apply *apply);
