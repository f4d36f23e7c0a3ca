/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is to be thought of a unit. */

#include "unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "timestamp.h"

struct unit *unit_new(const char *name, enum unit_role role)
{
    _cleanup_(unit_free_p) struct unit *unit = calloc(1, sizeof(*unit));

    if (!unit)
        return NULL;
    unit->role = role;
    usage_forget(&unit->usage);
    unit->name = strdup(name);
    if (!unit->name)
        return NULL;
    return STEAL(unit);
}

struct unit *unit_free(struct unit *unit)
{
    if (!unit)
        return NULL;
    unit_facts_clear(&unit->facts);
    free(unit->trouble);
    free(unit->check_trouble);
    free(unit->path);
    free(unit->name);
    free(unit);
    return NULL;
}

bool unit_has_name(const struct unit *unit, const char *name)
{
    if (strcmp(unit->name, name) == 0)
        return true;
    for (char **alias = unit->facts.names; alias && *alias; alias++)
        if (strcmp(*alias, name) == 0)
            return true;
    return false;
}

void unit_short_name(const char *name, char *ret, size_t size)
{
    size_t length = strlen(name);

    if (length > strlen(".service") && strcmp(name + length - strlen(".service"), ".service") == 0)
        length -= strlen(".service");
    if (length >= size)
        length = size - 1;
    memcpy(ret, name, length);
    ret[length] = '\0';
}

int unit_full_name(const char *name, char **ret)
{
    static const char *const types[] = {".service", ".socket", ".target", ".mount", ".timer",
            ".path", ".device", ".swap", ".automount", ".slice", ".scope"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < ELEMENTSOF(types); i++)
        if (strcmp(dot, types[i]) == 0)
            return asprintf(ret, "%s", name);
    return asprintf(ret, "%s.service", name);
}

static bool is(const char *string, const char *value)
{
    return string && strcmp(string, value) == 0;
}

static bool runs_once(const struct unit *unit)
{
    return is(unit->facts.service_type, "oneshot");
}

/* Enabled, or started by somebody in this boot: somebody wants it. */
static bool is_called_for(const struct unit_facts *facts)
{
    return facts->inactive_exit_time > 0 || facts->condition_time > 0 ||
           is(facts->file_state, "enabled") || is(facts->file_state, "enabled-runtime");
}

static char *ended_for_good(const struct unit_facts *facts)
{
    _cleanup_free_ char *how = unit_facts_how_it_ended(facts);
    char *text;

    if (!how || asprintf(&text, "%s, which no restart mends", how) < 0)
        return NULL;
    return text;
}

char *unit_exemption(const struct unit *unit, const char *trigger)
{
    const struct unit_facts *facts = &unit->facts;
    enum unit_activity activity = unit_facts_activity(facts);
    char *text;

    if (!unit_facts_is_loaded(facts))
        return strdup(is(facts->load_state, "masked") ? "masked" : "no such unit");
    if (activity != UNIT_INACTIVE && activity != UNIT_FAILED)
        return NULL;
    if (unit->stopped)
        return strdup("stopped on purpose");
    if (activity == UNIT_FAILED)
        return unit_facts_ended_for_good(facts) ? ended_for_good(facts) : NULL;
    if (unit_facts_condition_failed(facts))
        return asprintf(&text, "condition failed%s%s",
                       facts->condition && *facts->condition ? ": " : "",
                       facts->condition ?: "") < 0
                       ? NULL
                       : text;
    if (trigger)
        return asprintf(&text, "waits for %s", trigger) < 0 ? NULL : text;
    if (runs_once(unit) || unit->role == UNIT_WATCHED)
        return strdup("not running");
    if (!is_called_for(facts))
        return strdup("not enabled");
    return NULL;
}

/* A start that its checks found wanting is as good as none; the next one has to be proved. */
static enum ladder_seen seen_running(const struct unit *unit)
{
    if (!unit->sick)
        return LADDER_UP;
    if (unit->facts.job != 0)
        return LADDER_WAIT;
    return unit->unwell == unit->facts.active_enter_time ? LADDER_DOWN : LADDER_STARTING;
}

enum ladder_seen unit_seen(const struct unit *unit, const char *trigger, bool system_stops)
{
    const struct unit_facts *facts = &unit->facts;
    _cleanup_free_ char *exemption = NULL;

    if (unit->role != UNIT_HEALED || runs_once(unit))
        return LADDER_EXEMPT;
    if (system_stops)
        return LADDER_WAIT;

    switch (unit_facts_activity(facts)) {
    case UNIT_ACTIVE:
        return seen_running(unit);
    case UNIT_ACTIVATING:
        return LADDER_STARTING;
    case UNIT_DEACTIVATING:
        return LADDER_WAIT;
    case UNIT_INACTIVE:
    case UNIT_FAILED:
        break;
    }
    if (facts->job != 0)
        return LADDER_WAIT;
    exemption = unit_exemption(unit, trigger);
    if (exemption)
        return LADDER_EXEMPT;
    /* It failed, but whoever needs it starts it: no verdict, and nothing to do. */
    return trigger ? LADDER_WAIT : LADDER_DOWN;
}

bool unit_notice_failure(struct unit *unit)
{
    const struct unit_facts *facts = &unit->facts;
    enum unit_activity activity = unit_facts_activity(facts);

    if (!unit_facts_has_failed(facts)) {
        unit->noted = false;
        return false;
    }
    /* What isn't ours to restart may try again by itself as often as it likes. */
    if ((unit->role == UNIT_WATCHED || runs_once(unit)) && activity != UNIT_FAILED)
        return false;
    /* A stop job that is still pending: it ends as it was told to, however badly. */
    if (unit->noted || unit->stopped || activity == UNIT_DEACTIVATING ||
            (activity != UNIT_ACTIVATING && facts->job != 0))
        return false;
    unit->noted = true;
    return true;
}

int unit_set_checked(struct unit *unit, const char *trouble, bool sick, bool heal)
{
    char *copy = trouble ? strdup(trouble) : NULL;

    if (trouble && !copy)
        return -ENOMEM;
    free(unit->check_trouble);
    unit->check_trouble = copy;
    if (heal) {
        unit->sick = true;
        unit->unwell = unit->facts.active_enter_time;
    } else if (!sick) {
        unit->sick = false;
        unit->unwell = 0;
    }
    return 0;
}

bool unit_fails_check(const struct unit *unit)
{
    return unit->check_trouble && unit_facts_activity(&unit->facts) == UNIT_ACTIVE;
}

bool unit_is_unhealthy(const struct unit *unit)
{
    if (unit->role == UNIT_TRIGGER)
        return false;
    if (!unit_facts_is_loaded(&unit->facts))
        return unit->wanted && !is(unit->facts.load_state, "masked");
    if (unit->stopped)
        return false;
    return unit_fails_check(unit) || ladder_is_failing(&unit->ladder) ||
           unit_facts_activity(&unit->facts) == UNIT_FAILED;
}

bool unit_is_shown(const struct unit *unit)
{
    return unit->role != UNIT_TRIGGER && (unit->wanted || unit_facts_is_loaded(&unit->facts));
}

const char *unit_state(const struct unit *unit)
{
    const struct unit_facts *facts = &unit->facts;

    if (!unit_facts_is_loaded(facts))
        return facts->load_state ?: "not-found";
    if (unit->ladder.degraded &&
            (unit_facts_activity(facts) != UNIT_ACTIVE || unit_fails_check(unit)))
        return "degraded";
    if (unit_fails_check(unit))
        return "failing";
    if (unit_facts_activity(facts) == UNIT_ACTIVE)
        return facts->active_state;
    if (unit->ladder.overdue)
        return "failed";
    return facts->active_state ?: "inactive";
}

static json_t *since(const struct unit *unit)
{
    const struct unit_facts *facts = &unit->facts;
    char text[TIMESTAMP_SIZE];
    uint64_t usec;

    /* In a crash loop systemd's own timestamps move in each round. */
    if (unit_facts_activity(facts) == UNIT_ACTIVE)
        usec = facts->active_enter_time;
    else
        usec = unit->ladder.trouble ? unit->trouble_since : facts->state_change_time;
    if (usec == 0)
        return json_null();
    timestamp_format(usec, text);
    return json_string(text);
}

static char *detail(const struct unit *unit, const char *trigger)
{
    char *exemption = unit_exemption(unit, trigger);

    if (exemption)
        return exemption;
    if (unit_fails_check(unit))
        return strdup(unit->check_trouble);
    if (unit_facts_activity(&unit->facts) != UNIT_ACTIVE &&
            (unit_is_unhealthy(unit) || unit->ladder.trouble))
        return strdup(unit->trouble ?: "");
    return strdup(unit->facts.sub_state ?: "");
}

json_t *unit_to_json(const struct unit *unit, const char *trigger, json_t *checks)
{
    _cleanup_json_ json_t *array = checks;
    _cleanup_free_ char *why = detail(unit, trigger);
    const char *status = unit->facts.status_text;

    if (!why || !array)
        return NULL;
    return json_pack("{s:s, s:s, s:o, s:i, s:s, s:s, s:O}", "state", unit_state(unit),
            "active_state", unit->facts.active_state ?: "inactive", "since", since(unit),
            "restarts", unit->restarts, "detail", why, "status", status ?: "", "checks", array);
}
