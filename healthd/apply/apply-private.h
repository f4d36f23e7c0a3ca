/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What apply.c (all sections, over time), apply-change.c (one change of one section) and drift.c
 * (who else changes it) share. */

#include "apply-record.h"
#include "apply.h"
#include "section.h"

struct change;

struct apply_state {
    struct apply *apply;
    const struct section *section;
    struct apply_record record;
    sd_event_source *timer;           /* until it must be confirmed */
    sd_event_source *watch;           /* of the folder that its file is in */
    struct properties_watch *signals; /* of its properties' owner */
    sd_event_source *soon;            /* when its properties are looked at … */
    struct properties_call *look;     /* … and that they are */
    bool drifted;
};

struct apply {
    sd_event *event;
    sd_bus *bus; /* NULL while there is none */
    struct units *units;
    struct memory *memory;
    char *interface;
    uint64_t settle_usec;
    struct change *change; /* the one that is under way … */
    apply_fn done;         /* … and who waits for it */
    void *done_userdata;
    struct apply_state states[SECTION_COUNT];
};

/* `code` as for apply_fn; the change may be freed. The ladder of its unit is still held: the last
 * word on it is the caller's. */
typedef void (*change_fn)(
        struct change *change, const char *code, const char *message, void *userdata);

int change_new(struct apply_state *state, change_fn done, void *userdata, struct change **ret);

/* Only from `done`, or when the units have gone. Accepts NULL; returns NULL. */
struct change *change_free(struct change *change);

DEFINE_CLEANUP(struct change *, change_free);

/* Whose it is; borrowed. */
struct apply_state *change_state(const struct change *change);

/* Something was changed, whether it was put back or not. */
bool change_has_touched(const struct change *change);

/* Begins to apply the section, or to go back to what was before it, because of `reason`. Calls
 * `done` exactly once, perhaps at once. */
void change_apply(struct change *change, uint64_t confirm_usec);
void change_revert(struct change *change, const char *reason);

/* systemd can be asked to restart something. */
bool apply_can_ask(const struct apply *apply);

/* Tells everybody of an `event` of the section, with a sentence. */
_printf_(5, 6) void apply_tell(const struct apply_state *state, int priority,
        const char *message_id, const char *event, const char *format, ...);

/* Watches what the record says was applied, and looks at it. */
void drift_watch(struct apply_state *state);

/* Looks now where nobody has to be asked for it: something may not have been told yet. */
void drift_refresh(struct apply_state *state);

/* What is there is about to be replaced: what was seen of it says nothing any more. */
void drift_forget(struct apply_state *state);

/* The bus has gone, or is another. */
void drift_unwatch_bus(struct apply_state *state);

/* The end. */
void drift_done(struct apply_state *state);
