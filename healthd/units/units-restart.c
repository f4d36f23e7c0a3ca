/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Restarts: the steps before it, then systemd is asked for a job, whose end is waited for, and then
 * the steps after it. No step keeps the restart from happening.
 */

#include <stdio.h>
#include <string.h>

#include "steps.h"
#include "unbox/log.h"
#include "unit-memory.h"
#include "units-private.h"

#define RESTART_TIMEOUT_USEC (90 * USEC_PER_SEC)

struct restart {
    struct restart *next;
    struct units *units;
    char *unit;
    char *job; /* NULL until systemd has answered, which it does: nothing ends this one before */
    struct steps *steps; /* those that are being done */
    bool heals;          /* the ladder wants it; not when the unit is well by then */
    units_restarted_fn restarted;
    void *userdata;
    sd_event_source *timeout;
};

static struct restart *restart_free(struct restart *restart)
{
    for (struct restart **p = &restart->units->restarts; *p; p = &(*p)->next)
        if (*p == restart) {
            *p = restart->next;
            break;
        }
    sd_event_source_disable_unref(restart->timeout);
    steps_free(restart->steps);
    free(restart->unit);
    free(restart->job);
    free(restart);
    return NULL;
}

DEFINE_CLEANUP(struct restart *, restart_free);

/* Only now systemd has it: with 500 at a time that may take a while. */
static void was_asked(struct restart *restart)
{
    struct unit *unit = restart->heals ? units_find(restart->units, restart->unit) : NULL;

    if (!unit || !unit->healing)
        return;
    ladder_restarted(&unit->ladder, units_now(restart->units));
    unit_remember(restart->units->memory, unit);
}

/* Its job is done, or there will be none: what is seen of the unit counts again. */
static void has_ended(struct restart *restart)
{
    struct unit *unit = restart->heals ? units_find(restart->units, restart->unit) : NULL;

    /* Once: what follows may be the next restart of the same unit. */
    restart->heals = false;
    if (!unit || !unit->healing)
        return;
    unit->healing = false;
    units_evaluate(restart->units, unit);
}

/* The caller may ask for the next one from the callback: so this one is gone by then. */
static void finish(struct restart *restart, const char *error)
{
    units_restarted_fn restarted = restart->restarted;
    void *userdata = restart->userdata;

    has_ended(restart);
    restart_free(restart);
    restarted(error, userdata);
}

static void on_steps_after(void *userdata)
{
    finish(userdata, NULL);
}

static int begin_steps(struct restart *restart, const char *which, void (*done)(void *userdata))
{
    const struct unit *unit = units_find(restart->units, restart->unit);
    const struct unbox_config_row *row = unit ? units_row(restart->units, unit) : NULL;

    if (!row)
        return 0;
    restart->steps = steps_free(restart->steps);
    return steps_begin(systemd1_bus(restart->units->systemd), restart->unit,
            unbox_config_row_list(row, which), done, restart, &restart->steps);
}

/* The unit does what it should. */
static void succeed(struct restart *restart)
{
    int r;

    /* It isn't waited for a second time. */
    restart->timeout = sd_event_source_disable_unref(restart->timeout);
    free(restart->job);
    restart->job = NULL;
    r = begin_steps(restart, "after", on_steps_after);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't do the steps after a restart of %s", restart->unit);
    if (r <= 0)
        finish(restart, NULL);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    finish(userdata, "systemd is still at it");
    return 0;
}

static struct restart *find_job(struct units *units, const char *job)
{
    for (struct restart *restart = units->restarts; restart; restart = restart->next)
        if (restart->job && strcmp(restart->job, job) == 0)
            return restart;
    return NULL;
}

static void on_queued(sd_bus_message *reply, const char *error, void *userdata)
{
    struct restart *restart = userdata;
    const char *job;
    int r;

    was_asked(restart);
    if (error) {
        finish(restart, error);
        return;
    }
    r = sd_bus_message_read_basic(reply, 'o', &job);
    if (r >= 0) {
        restart->job = strdup(job);
        r = restart->job ? 0 : -ENOMEM;
    }
    if (r >= 0)
        r = sd_event_add_time_relative(restart->units->event, &restart->timeout, CLOCK_BOOTTIME,
                RESTART_TIMEOUT_USEC, 0, on_timeout, restart);
    if (r < 0)
        finish(restart, strerrordesc_np(-r));
}

static int ask(struct restart *restart)
{
    return systemd1_restart_unit(restart->units->systemd, restart->unit, on_queued, restart);
}

/* Meanwhile somebody may have mended it, or stopped it on purpose. */
static bool is_still_wanted(const struct restart *restart)
{
    struct unit *unit = units_find(restart->units, restart->unit);

    return !restart->heals || (unit && units_may_heal(restart->units, unit));
}

static void on_steps_before(void *userdata)
{
    struct restart *restart = userdata;
    int r;

    if (!is_still_wanted(restart)) {
        finish(restart, NULL);
        return;
    }
    r = ask(restart);
    if (r < 0)
        finish(restart, strerrordesc_np(-r));
}

static int begin(struct units *units, const char *name, bool heals, units_restarted_fn restarted,
        void *userdata)
{
    _cleanup_(restart_free_p) struct restart *restart = calloc(1, sizeof(*restart));
    int r;

    if (!restart)
        return -ENOMEM;
    restart->units = units;
    restart->heals = heals;
    restart->restarted = restarted;
    restart->userdata = userdata;
    restart->unit = strdup(name);
    if (!restart->unit)
        return -ENOMEM;
    r = begin_steps(restart, "before", on_steps_before);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't do the steps before a restart of %s", name);
    if (r <= 0) {
        r = ask(restart);
        if (r < 0)
            return r;
    }
    restart->next = units->restarts;
    units->restarts = STEAL(restart);
    return 0;
}

int units_restart(
        struct units *units, struct unit *unit, units_restarted_fn restarted, void *userdata)
{
    return begin(units, unit->name, false, restarted, userdata);
}

int units_restart_name(
        struct units *units, const char *name, units_restarted_fn restarted, void *userdata)
{
    return begin(units, name, false, restarted, userdata);
}

/* Why the unit isn't what it was restarted to be; NULL: it is. */
static char *why_not(const struct unit *unit, const char *result)
{
    const struct unit_facts *facts = &unit->facts;

    if (strcmp(result, "done") != 0 && strcmp(result, "failed") != 0)
        return strdup(result);
    if (unit_facts_has_failed(facts))
        return unit_facts_how_it_ended(facts);
    if (strcmp(result, "failed") == 0)
        return strdup("failed to start");
    /* The job was done, and still it doesn't run. */
    return unit_facts_condition_failed(facts) ? unit_exemption(unit, NULL) : NULL;
}

void units_restart_job_removed(struct units *units, const char *job, const char *result)
{
    struct restart *restart = find_job(units, job);
    struct unit *unit = restart ? units_find(units, restart->unit) : NULL;
    _cleanup_free_ char *reason = NULL;
    char error[256];

    if (!restart)
        return;
    /* One that isn't watched, or isn't any more, has no facts: the job's result is all. */
    if (unit)
        reason = why_not(unit, result);
    else if (strcmp(result, "done") != 0)
        reason = strdup(strcmp(result, "failed") == 0 ? "failed to start" : result);
    if (reason) {
        unit_short_name(restart->unit, error, sizeof(error));
        snprintf(error + strlen(error), sizeof(error) - strlen(error), " %s", reason);
    }
    has_ended(restart);
    if (reason)
        finish(restart, error);
    else
        succeed(restart);
}

void units_restart_lost(struct units *units)
{
    struct restart *next;

    for (struct restart *restart = units->restarts; restart; restart = next) {
        next = restart->next;
        if (restart->job)
            finish(restart, "the connection to systemd was lost");
    }
}

void units_restart_free_all(struct units *units)
{
    while (units->restarts)
        restart_free(units->restarts);
}

static void on_healed(const char *error, void *userdata)
{
    if (error)
        unbox_log(LOG_INFO, "a restart was in vain: %s", error);
}

void units_heal(struct units *units, struct unit *unit)
{
    int r = begin(units, unit->name, true, on_healed, NULL);

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd to restart %s", unit->name);
    else
        unit->healing = true;
}
