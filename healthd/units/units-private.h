/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What units.c, units-sync.c and units-restart.c share. */

#include "units.h"

#define SHUTDOWN_TARGET "shutdown.target"

struct restart;
struct question;
struct waiter;

/* What get_health was answered last, and what that was made of: see units-health.c. */
struct health_answer {
    char *text;
    size_t size;
    char *made_of;
    size_t made_of_size;
};

struct units {
    sd_event *event;
    sd_event_source *timer;
    struct systemd1 *systemd;
    struct memory *memory;
    const struct unbox_config *config;
    struct ladder_rules rules;
    const struct checks *checks;
    const struct units_ops *ops;
    void *userdata;
    struct unit **units;
    size_t count;
    char **patterns; /* globs of the configuration, ended by NULL */
    struct health_answer answer;
    struct restart *restarts;
    const char *at_work;          /* the unit that somebody else is at work on, or NULL */
    sd_event_source *usage_timer; /* only while there are limits */
    uint64_t usage_interval;      /* µs */
    struct question *questions;   /* about what units use */
    struct waiter *waiters;       /* for the answers to all of them */
    unsigned pending;             /* answers that the snapshot waits for */
    bool unlisted;                /* a list was refused: the snapshot is worth nothing */
    bool again;                   /* it was stale before it was complete */
    bool known;
};

/* Fills the table from the configuration, keeping what is known of units that stay in it. */
int units_fill(struct units *units, const struct unbox_config *config);
void units_clear(struct units *units);

/* A glob of the configuration matches. */
bool units_match(const struct units *units, const char *name);

struct unit *units_find_path(const struct units *units, const char *path);

/* By its own name or an alias. */
struct unit *units_find(const struct units *units, const char *name);

/* Finds or adds it; one that was there only as a trigger is watched from now on. NULL: no memory.
 */
struct unit *units_add(struct units *units, const char *name, enum unit_role role);

/* What the configuration says of it in health.services, or NULL. */
const struct unbox_config_row *units_row(const struct units *units, const struct unit *unit);

/* It still doesn't run, and nobody else is at it. */
bool units_may_heal(const struct units *units, const struct unit *unit);

/* The time that everything here is measured by, in µs. */
uint64_t units_now(const struct units *units);

/* Looks at what units use at intervals, if there are limits. 0 or a negative errno. */
int units_usage_configure(struct units *units, const struct unbox_config *config);

/* Who waits is told what is known. */
void units_usage_free(struct units *units);

/* An active unit that will start this one when it is needed, or NULL. */
const char *units_active_trigger(const struct units *units, const struct unit *unit);

/* Thinks again about one unit (and those that it triggers), or all. */
void units_evaluate(struct units *units, struct unit *unit);
void units_evaluate_all(struct units *units);

/* Takes a snapshot of all units; `fresh`: systemd has forgotten our references. */
void units_sync(struct units *units, bool fresh);

/* Begins to watch one that a glob matches, if it is really there. */
void units_discover(struct units *units, const char *name);

/* Asks for the properties of one that is known already. */
void units_refresh(struct units *units, struct unit *unit);

/* The ladder's restart: nobody waits for it. */
void units_heal(struct units *units, struct unit *unit);

void units_health_done(struct health_answer *answer);

/* A job has ended; answers who waits for it. */
void units_restart_job_removed(struct units *units, const char *job, const char *result);

/* No job will ever be heard of again. */
void units_restart_lost(struct units *units);

void units_restart_free_all(struct units *units);
