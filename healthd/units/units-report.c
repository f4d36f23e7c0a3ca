/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The units as others are shown them. */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "units-private.h"

struct unit *units_find_shown(struct units *units, const char *name)
{
    _cleanup_free_ char *full = NULL;
    struct unit *unit;

    if (unit_full_name(name, &full) < 0) {
        full = NULL;
        return NULL;
    }
    unit = units_find(units, full);
    return unit && unit_is_shown(unit) ? unit : NULL;
}

json_t *units_to_json(const struct units *units, bool detail)
{
    _cleanup_json_ json_t *object = json_object();
    json_t *device;

    for (size_t i = 0; i < units->count; i++) {
        const struct unit *unit = units->units[i];
        char name[NAME_MAX + 1];

        if (!unit_is_shown(unit))
            continue;
        unit_short_name(unit->name, name, sizeof(name));
        if (json_object_set_new(object, name,
                    detail ? unit_to_json(unit, units_active_trigger(units, unit),
                                     units->checks ? checks_to_json(units->checks, unit->name)
                                                   : json_array())
                           : json_string(unit_state(unit))) < 0)
            return NULL;
    }
    device = units->checks ? checks_device_to_json(units->checks, detail) : NULL;
    if (device && json_object_set_new(object, CHECKS_DEVICE, device) < 0)
        return NULL;
    return STEAL(object);
}

static int add_number(json_t *object, const char *name, uint64_t value)
{
    return value == USAGE_UNKNOWN
                   ? 0
                   : json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *usage_to_json(const struct unit *unit)
{
    static const char *const names[] = {
            [USAGE_MEMORY] = "memory", [USAGE_CPU] = "cpu", [USAGE_TASKS] = "tasks"};
    const struct usage *usage = &unit->usage;
    _cleanup_json_ json_t *object = json_pack("{s:i}", "restarts", unit->restarts);
    _cleanup_json_ json_t *over = json_array();
    int r = 0;

    r |= add_number(object, "memory_bytes", usage->last.memory);
    r |= add_number(object, "tasks", usage->last.tasks);
    if (usage->last.cpu_nsec != USAGE_UNKNOWN)
        r |= json_object_set_new(
                object, "cpu_seconds", json_real((double)usage->last.cpu_nsec / 1e9));
    if (usage->cpu_percent >= 0)
        r |= json_object_set_new(object, "cpu_percent", json_real(usage->cpu_percent));
    for (enum usage_kind kind = 0; kind < USAGE_KINDS; kind++)
        if (usage->over[kind])
            r |= json_array_append_new(over, json_string(names[kind]));
    if (json_array_size(over) > 0)
        r |= json_object_set(object, "over", over);
    return r < 0 ? NULL : STEAL(object);
}

json_t *units_usage_to_json(const struct units *units)
{
    _cleanup_json_ json_t *object = json_object();

    for (size_t i = 0; i < units->count; i++) {
        char name[NAME_MAX + 1];

        if (!unit_is_shown(units->units[i]))
            continue;
        unit_short_name(units->units[i]->name, name, sizeof(name));
        if (json_object_set_new(object, name, usage_to_json(units->units[i])) < 0)
            return NULL;
    }
    return STEAL(object);
}

static char *summarize_one(const struct unit *unit, unsigned shown)
{
    char name[NAME_MAX + 1], *text;

    unit_short_name(unit->name, name, sizeof(name));
    if (asprintf(&text, "%s %s%s (%u services watched)", name,
                unit_fails_check(unit) ? "fails the " : "",
                unit_fails_check(unit)               ? unit->check_trouble
                : unit_facts_is_loaded(&unit->facts) ? unit->trouble ?: "failed"
                                                     : "isn't there",
                shown) < 0)
        return NULL;
    return text;
}

static char *summarize_several(const struct units *units, unsigned unhealthy, unsigned shown)
{
    char names[256] = "", *text;
    size_t length = 0;

    for (size_t i = 0; i < units->count && length < sizeof(names); i++) {
        char name[NAME_MAX + 1];

        if (!unit_is_unhealthy(units->units[i]))
            continue;
        unit_short_name(units->units[i]->name, name, sizeof(name));
        length +=
                snprintf(names + length, sizeof(names) - length, "%s%s", length ? ", " : "", name);
    }
    if (asprintf(&text, "%u of %u services are not healthy: %s%s", unhealthy, shown, names,
                length < sizeof(names) ? "" : "…") < 0)
        return NULL;
    return text;
}

char *units_summary(const struct units *units)
{
    unsigned shown = 0, unhealthy = 0;
    const struct unit *bad = NULL;
    const char *trouble;
    char *text;

    if (!units->known)
        return strdup("waiting for systemd on the system bus");
    for (size_t i = 0; i < units->count; i++) {
        const struct unit *unit = units->units[i];

        shown += unit_is_shown(unit);
        if (!unit_is_unhealthy(unit))
            continue;
        unhealthy++;
        bad = unit;
    }
    if (unhealthy == 1)
        return summarize_one(bad, shown);
    if (unhealthy > 1)
        return summarize_several(units, unhealthy, shown);
    trouble = units->checks ? checks_trouble(units->checks, NULL) : NULL;
    if (trouble)
        return asprintf(&text, "%u services watched, all healthy; the device fails the %s", shown,
                       trouble) < 0
                       ? NULL
                       : text;
    return asprintf(&text, "%u services watched, all healthy", shown) < 0 ? NULL : text;
}
