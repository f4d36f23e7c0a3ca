/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of units: systemd's signals come in here, each unit is judged, climbs its ladder, and
 * what happens to it is told.
 */

#include "units.h"

#include <string.h>

#include "events.h"
#include "settings.h"
#include "timestamp.h"
#include "unbox/log.h"
#include "unit-memory.h"
#include "units-private.h"

#define TIMER_ACCURACY_USEC (50 * USEC_PER_MSEC)

static bool system_stops(const struct units *units)
{
    const struct unit *shutdown = units_find(units, SHUTDOWN_TARGET);

    return shutdown &&
           (shutdown->facts.job != 0 || unit_facts_activity(&shutdown->facts) == UNIT_ACTIVE);
}

uint64_t units_now(const struct units *units)
{
    uint64_t now = 0;

    (void)sd_event_now(units->event, CLOCK_BOOTTIME, &now);
    return now;
}

static bool is_at_work(const struct units *units, const struct unit *unit)
{
    return units->at_work && unit_has_name(unit, units->at_work);
}

static enum ladder_seen look_at(const struct units *units, const struct unit *unit)
{
    return is_at_work(units, unit)
                   ? LADDER_WAIT
                   : unit_seen(unit, units_active_trigger(units, unit), system_stops(units));
}

bool units_may_heal(const struct units *units, const struct unit *unit)
{
    enum ladder_seen seen = look_at(units, unit);

    return seen == LADDER_DOWN || seen == LADDER_STARTING;
}

static void arm_timer(struct units *units)
{
    uint64_t due = LADDER_NEVER;
    int r;

    for (size_t i = 0; i < units->count; i++) {
        uint64_t d = ladder_due(&units->units[i]->ladder, &units->rules);

        if (d < due && !units->units[i]->held)
            due = d;
    }
    r = sd_event_source_set_time(units->timer, due);
    if (r >= 0)
        r = sd_event_source_set_enabled(
                units->timer, due == LADDER_NEVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer of the restarts");
}

/* How often systemd has brought it back; true when that was more often than we knew of. */
static bool count_restarts(struct units *units, struct unit *unit)
{
    int64_t known = memory_restarts(units->memory, unit->name);
    uint32_t now = unit->facts.restarts;

    if (now > known)
        unit->restarts += now - (known < 0 ? 0 : known);
    memory_set_restarts(units->memory, unit->name, now);
    return known >= 0 && now > known;
}

static void set_trouble(const struct units *units, struct unit *unit)
{
    enum unit_activity activity = unit_facts_activity(&unit->facts);
    char *text = NULL;

    if (unit->ladder.degraded) {
        if (asprintf(&text, "failed %u times, restarting every %u s", unit->ladder.restarts,
                    (unsigned)(units->rules.interval / USEC_PER_SEC)) < 0)
            text = NULL;
    } else if (activity == UNIT_ACTIVE && unit->sick) {
        if (asprintf(&text, "doesn't pass the %s", unit->check_trouble ?: "checks") < 0)
            text = NULL;
    } else if (activity == UNIT_ACTIVATING && !unit_facts_has_failed(&unit->facts))
        text = strdup("has been starting for too long");
    else if (unit->facts.inactive_exit_time == 0)
        text = strdup("was not started");
    else if (activity == UNIT_ACTIVE)
        text = strdup("ended while nobody watched");
    else
        text = unit_facts_how_it_ended(&unit->facts);
    free(unit->trouble);
    unit->trouble = text;
}

static void tell(struct units *units, struct unit *unit, unsigned actions)
{
    const struct ladder *ladder = &unit->ladder;

    if (actions & LADDER_FAILED) {
        unit->trouble_since = timestamp_now();
        events_failed(units->memory, unit);
    }
    if (actions & LADDER_DEGRADED)
        events_degraded(units->memory, unit);
    if (actions & LADDER_RESTART) {
        unit->restarts++;
        events_restarting(units->memory, unit);
        units_heal(units, unit);
    }
    /* A restart of ours has been told of already. */
    if ((actions & LADDER_RUNNING_AGAIN) &&
            (ladder->restarts == 0 || ladder->last_restart < ladder->trouble_since))
        events_running_again(units->memory, unit);
    if (actions & LADDER_RECOVERED)
        events_recovered(units->memory, unit);
}

static void evaluate(struct units *units, struct unit *unit)
{
    enum unit_activity activity = unit_facts_activity(&unit->facts);
    bool died;
    enum ladder_seen seen;
    unsigned actions;

    if (unit->stopped && (activity == UNIT_ACTIVE || activity == UNIT_ACTIVATING)) {
        unit->stopped = false;
        memory_set_stopped(units->memory, unit->name, false);
    }
    seen = look_at(units, unit);
    /* The restart is on its way, and what is seen is what it was wanted for. */
    unit->held = unit->healing && seen == LADDER_DOWN;
    if (unit->held) {
        events_changed(units->memory, unit);
        return;
    }
    died = count_restarts(units, unit);
    died |= unit_notice_failure(unit);
    died &= !system_stops(units) && !is_at_work(units, unit);

    actions = ladder_step(&unit->ladder, &units->rules, units_now(units), seen, died);
    /* What isn't on a ladder fails once, and nothing follows. */
    if (seen == LADDER_EXEMPT && died && activity == UNIT_FAILED)
        actions |= LADDER_FAILED;
    /* A death that systemd has mended already has left no trace but in the count. */
    if (died || (actions & (LADDER_FAILED | LADDER_DEGRADED | LADDER_RESTART)))
        set_trouble(units, unit);
    tell(units, unit, actions);
    unit_remember(units->memory, unit);
    events_changed(units->memory, unit);
}

/* What is triggered by a unit depends on it, and everything on the system that stops. */
void units_evaluate(struct units *units, struct unit *changed)
{
    if (!units->known)
        return;
    if (strcmp(changed->name, SHUTDOWN_TARGET) == 0) {
        units_evaluate_all(units);
        return;
    }
    if (changed->role != UNIT_TRIGGER)
        evaluate(units, changed);
    for (size_t i = 0; i < units->count; i++) {
        struct unit *unit = units->units[i];

        for (char **name = unit->facts.triggered_by; name && *name; name++)
            if (unit_has_name(changed, *name) && unit->role != UNIT_TRIGGER)
                evaluate(units, unit);
    }
    arm_timer(units);
    units->ops->changed(units->userdata);
}

void units_evaluate_all(struct units *units)
{
    if (!units->known)
        return;
    for (size_t i = 0; i < units->count; i++)
        if (units->units[i]->role != UNIT_TRIGGER)
            evaluate(units, units->units[i]);
    arm_timer(units);
    units->ops->changed(units->userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct units *units = userdata;

    for (size_t i = 0; units->known && i < units->count; i++)
        if (!units->units[i]->held && ladder_due(&units->units[i]->ladder, &units->rules) <= usec)
            evaluate(units, units->units[i]);
    if (units->known) {
        arm_timer(units);
        units->ops->changed(units->userdata);
    }
    return 0;
}

static void on_stale(bool fresh, void *userdata)
{
    units_sync(userdata, fresh);
}

static void on_connected(sd_bus *bus, void *userdata)
{
    struct units *units = userdata;

    units->ops->connected(bus, units->userdata);
}

static void on_disconnected(void *userdata)
{
    struct units *units = userdata;

    units->ops->disconnected(units->userdata);
}

static void on_lost(void *userdata)
{
    struct units *units = userdata;

    units->known = false;
    units_restart_lost(units);
    units->ops->changed(units->userdata);
}

/*
 * systemd 252 tells that a unit has failed, and in the same breath that Restart= is about to bring
 * it back. It answers nothing in between: so whether a unit is down is asked for, not believed.
 * (The answer also says which condition failed; the signal doesn't.)
 */
static bool is_passing(const struct unit *unit)
{
    enum unit_activity activity = unit_facts_activity(&unit->facts);

    return (activity == UNIT_INACTIVE || activity == UNIT_FAILED) && unit->facts.job == 0;
}

/*
 * Of one change systemd tells two signals, first of the service and then of the unit: only both
 * together are a state that was.
 */
static void on_changed(
        const char *path, const char *interface, sd_bus_message *properties, void *userdata)
{
    struct units *units = userdata;
    struct unit *unit = units_find_path(units, path);
    int r;

    if (!unit)
        return;
    r = unit_facts_update(&unit->facts, properties);
    if (r < 0) {
        unbox_log_errno(LOG_WARNING, r, "can't read what systemd says of %s", unit->name);
        return;
    }
    unit->changed |= r > 0;
    if (!unit->changed || strcmp(interface, "org.freedesktop.systemd1.Unit") != 0)
        return;
    unit->changed = false;
    if (is_passing(unit))
        units_refresh(units, unit);
    else
        units_evaluate(units, unit);
}

static void on_appeared(const char *name, void *userdata)
{
    struct units *units = userdata;

    if (units_match(units, name) && !units_find(units, name))
        units_discover(units, name);
}

/*
 * A job is done, and the unit doesn't run: that job was to stop it. (Of a start that its condition
 * prevented the same is true, and of a oneshot; and try-restart has jobs for idle units which
 * aren't the unit's own.)
 */
static bool was_stop(const struct unit *unit, uint32_t id, const char *result)
{
    enum unit_activity activity = unit_facts_activity(&unit->facts);

    return strcmp(result, "done") == 0 && unit->facts.job == id &&
           (activity == UNIT_INACTIVE || activity == UNIT_FAILED) &&
           !unit_facts_condition_failed(&unit->facts) &&
           unit_seen(unit, NULL, false) != LADDER_EXEMPT;
}

static void on_job_removed(
        uint32_t id, const char *job, const char *name, const char *result, void *userdata)
{
    struct units *units = userdata;
    struct unit *unit = units_find(units, name);

    if (unit && !unit->stopped && was_stop(unit, id, result) && !system_stops(units)) {
        unit->stopped = true;
        memory_set_stopped(units->memory, unit->name, true);
        events_stopped(units->memory, unit);
        units_evaluate(units, unit);
    }
    units_restart_job_removed(units, job, result);
}

static const struct systemd1_ops systemd_ops = {
        .connected = on_connected,
        .disconnected = on_disconnected,
        .stale = on_stale,
        .lost = on_lost,
        .changed = on_changed,
        .appeared = on_appeared,
        .job_removed = on_job_removed,
};

static int configure(struct units *units, const struct unbox_config *config)
{
    const struct unbox_config *before = units->config;
    int r = units_fill(units, config);

    if (r < 0)
        return r;
    units->config = config;
    r = units_usage_configure(units, config);
    /* The caller then frees this one. */
    if (r < 0)
        units->config = before;
    else
        settings_rules(config, &units->rules);
    return r;
}

int units_new(sd_event *event, struct memory *memory, const struct unbox_config *config,
        const struct units_ops *ops, void *userdata, struct units **ret)
{
    _cleanup_(units_free_p) struct units *units = calloc(1, sizeof(*units));
    int r;

    if (!units)
        return -ENOMEM;
    units->event = sd_event_ref(event);
    units->memory = memory;
    units->ops = ops;
    units->userdata = userdata;

    r = sd_event_add_time(event, &units->timer, CLOCK_BOOTTIME, LADDER_NEVER, TIMER_ACCURACY_USEC,
            on_timer, units);
    if (r < 0)
        return r;
    r = configure(units, config);
    if (r < 0)
        return r;
    r = systemd1_new(event, &systemd_ops, units, &units->systemd);
    if (r < 0)
        return r;
    *ret = STEAL(units);
    return 0;
}

struct units *units_free(struct units *units)
{
    if (!units)
        return NULL;
    units_usage_free(units);
    systemd1_free(units->systemd);
    units_restart_free_all(units);
    sd_event_source_disable_unref(units->timer);
    units_clear(units);
    units_health_done(&units->answer);
    sd_event_unref(units->event);
    free(units);
    return NULL;
}

int units_configure(struct units *units, const struct unbox_config *config)
{
    int r = configure(units, config);

    if (r >= 0 && units->known)
        units_sync(units, false);
    return r;
}

void units_set_checks(struct units *units, const struct checks *checks)
{
    units->checks = checks;
}

void units_checked(struct units *units, const char *name, const char *trouble, bool sick, bool heal)
{
    struct unit *unit = units_find(units, name);
    int r;

    if (!unit)
        return;
    r = unit_set_checked(unit, trouble, sick, heal);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't keep what the checks of %s found", name);
    units_evaluate(units, unit);
}

void units_hold(struct units *units, const char *name)
{
    struct unit *unit = units->at_work ? units_find(units, units->at_work) : NULL;

    units->at_work = name;
    if (unit && !name)
        units_evaluate(units, unit);
}

bool units_run(const struct units *units, const char *name)
{
    const struct unit *unit = units_find(units, name);

    return !unit || unit_facts_activity(&unit->facts) == UNIT_ACTIVE;
}

bool units_are_known(const struct units *units)
{
    return units->known;
}

struct systemd1 *units_systemd1(struct units *units)
{
    return units->systemd;
}
