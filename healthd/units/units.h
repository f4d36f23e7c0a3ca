/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All units that healthd watches: kept in step with systemd, each on its ladder, restarted when the
 * ladder says so. What happens to them becomes journal entries and remembered events.
 */

#include <systemd/sd-event.h>

#include "checks.h"
#include "memory.h"
#include "systemd1.h"
#include "unbox/config.h"
#include "unit.h"

struct units;

struct units_ops {
    /* The connection to the system bus, for who else has something to do on it; borrowed until it
     * is lost. */
    void (*connected)(sd_bus *bus, void *userdata);
    void (*disconnected)(void *userdata);
    /* Something is shown differently now, or was seen for the first time. */
    void (*changed)(void *userdata);
};

/* Begins to watch what the configuration names besides the suite's own. `memory`, `config` and
 * `ops` are borrowed. 0 or a negative errno. */
int units_new(sd_event *event, struct memory *memory, const struct unbox_config *config,
        const struct units_ops *ops, void *userdata, struct units **ret);

/* Restarts that weren't answered never are. Accepts NULL; returns NULL. */
struct units *units_free(struct units *units);

DEFINE_CLEANUP(struct units *, units_free);

/* Another configuration, borrowed in place of the one before. On failure that one still holds. 0 or
 * a negative errno. */
int units_configure(struct units *units, const struct unbox_config *config);

/* Where the results of the functional checks are; borrowed, NULL: nowhere. */
void units_set_checks(struct units *units, const struct checks *checks);

/* What the functional checks of a unit found, see checks.h. */
void units_checked(
        struct units *units, const char *name, const char *trouble, bool sick, bool heal);

/* Somebody else is at work on this unit, restarts it and looks whether it works: meanwhile its
 * ladder stands still, whatever is seen. One at a time; NULL: nobody any more, and the ladder goes
 * on. `name` is borrowed. */
void units_hold(struct units *units, const char *name);

/* The unit runs, as far as systemd can tell; any that isn't watched does. */
bool units_run(const struct units *units, const char *name);

/* What systemd says is known, and as new as it can be. */
bool units_are_known(const struct units *units);

/* Watches a unit without showing it or doing anything about it; false: it doesn't run. Until
 * systemd has answered it does. */
bool units_follow(struct units *units, const char *name);

/* One line on all of them, for people. The caller frees it; NULL: out of memory. */
char *units_summary(const struct units *units);

/* One that is shown, by its short or its full name; NULL: there is none. */
struct unit *units_find_shown(struct units *units, const char *name);

/* Name → state, or with `detail` name → object. NULL: out of memory. */
json_t *units_to_json(const struct units *units, bool detail);

/* The same without `detail` as JSON text, which is made anew only when something in it is
 * different. Borrowed until the next call; NULL: out of memory. */
const char *units_health_text(struct units *units, size_t *ret_size);

/* `error` is NULL when the unit does what it should, or says why not. */
typedef void (*units_restarted_fn)(const char *error, void *userdata);

/* Restarts because somebody asked: calls `restarted` exactly once, when the job is done, unless it
 * returns a negative errno. */
int units_restart(
        struct units *units, struct unit *unit, units_restarted_fn restarted, void *userdata);

/* The same by the full name of any unit, watched or not. */
int units_restart_name(
        struct units *units, const char *name, units_restarted_fn restarted, void *userdata);

/*
 * Asks what all units use. Returns 1: `measured` is called once, from the event loop or when the
 * object is freed; 0: there is nobody to ask, and what is known is old; or a negative errno.
 */
int units_measure(struct units *units, void (*measured)(void *userdata), void *userdata);

/* Name → what it used when it was last asked. NULL: out of memory. */
json_t *units_usage_to_json(const struct units *units);

/* For other calls on the same connection; borrowed. */
struct systemd1 *units_systemd1(struct units *units);
