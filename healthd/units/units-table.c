/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which units are watched: the suite's own, the configuration's, and what triggers them. */

#include <fnmatch.h>
#include <string.h>

#include "unit-memory.h"
#include "units-private.h"
#include "watched.h"

static const struct {
    const char *name;
    enum unit_role role;
} own_units[] = {
        {"NetworkManager.service", UNIT_HEALED},
        {"user-network.service", UNIT_HEALED},
        {"webserver.socket", UNIT_HEALED},
        {"webserver.service", UNIT_HEALED},
        {"identserver.service", UNIT_HEALED},
        {"unbox-eth0.service", UNIT_HEALED},
        {"unbox-firewall.service", UNIT_HEALED},
        /* It ends when the factory is behind us, and until then tries for ever by itself. */
        {"identclient.service", UNIT_WATCHED},
        {"identclient-check.service", UNIT_WATCHED},
        {"identclient-reassign.service", UNIT_WATCHED},
        {"identclient-renew.service", UNIT_WATCHED},
        {"identclient-seal.service", UNIT_WATCHED},
        {"healthd.service", UNIT_WATCHED},
        {SHUTDOWN_TARGET, UNIT_TRIGGER},
};

struct unit *units_find(const struct units *units, const char *name)
{
    for (size_t i = 0; i < units->count; i++)
        if (unit_has_name(units->units[i], name))
            return units->units[i];
    return NULL;
}

struct unit *units_find_path(const struct units *units, const char *path)
{
    for (size_t i = 0; i < units->count; i++)
        if (units->units[i]->path && strcmp(units->units[i]->path, path) == 0)
            return units->units[i];
    return NULL;
}

struct unit *units_add(struct units *units, const char *name, enum unit_role role)
{
    _cleanup_(unit_free_p) struct unit *unit = NULL;
    struct unit *known = units_find(units, name);
    struct unit **grown;
    int64_t restarts;

    if (known) {
        if (known->role == UNIT_TRIGGER)
            known->role = role;
        return known;
    }
    unit = unit_new(name, role);
    grown = unit ? reallocarray(units->units, units->count + 1, sizeof(*grown)) : NULL;
    if (!grown)
        return NULL;
    unit->stopped = memory_is_stopped(units->memory, name);
    restarts = memory_restarts(units->memory, name);
    unit->restarts = restarts > 0 ? restarts : 0;
    unit_recall(units->memory, unit, units_now(units));
    units->units = grown;
    units->units[units->count++] = unit;
    return STEAL(unit);
}

static bool is_called(const struct unit *unit, const char *name)
{
    _cleanup_free_ char *full = NULL;

    if (unit_full_name(name, &full) < 0)
        full = NULL;
    return full && unit_has_name(unit, full);
}

const struct unbox_config_row *units_row(const struct units *units, const struct unit *unit)
{
    const struct unbox_config_row *const *row =
            unbox_config_table(units->config, "health.services");

    for (; *row; row++)
        if (is_called(unit, unbox_config_row_string(*row, "unit")))
            return *row;
    return NULL;
}

const char *units_active_trigger(const struct units *units, const struct unit *unit)
{
    for (char **name = unit->facts.triggered_by; name && *name; name++) {
        const struct unit *trigger = units_find(units, *name);

        if (trigger && unit_facts_activity(&trigger->facts) == UNIT_ACTIVE)
            return trigger->name;
    }
    return NULL;
}

bool units_match(const struct units *units, const char *name)
{
    for (char **pattern = units->patterns; pattern && *pattern; pattern++)
        if (fnmatch(*pattern, name, 0) == 0)
            return true;
    return false;
}

static void patterns_free(char **patterns)
{
    for (char **pattern = patterns; pattern && *pattern; pattern++)
        free(*pattern);
    free(patterns);
}

DEFINE_CLEANUP(char **, patterns_free);

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

/* The globs of the configuration, with the type that they match completed. */
static int read_patterns(const char *const *configured, char ***ret)
{
    _cleanup_(patterns_free_p) char **patterns = NULL;
    size_t count = 0, length = 0;

    for (const char *const *name = configured; *name; name++)
        count++;
    patterns = calloc(count + 1, sizeof(*patterns));
    if (!patterns)
        return -ENOMEM;
    for (const char *const *name = configured; *name; name++) {
        if (!is_pattern(*name))
            continue;
        if (unit_full_name(*name, &patterns[length]) < 0) {
            patterns[length] = NULL;
            return -ENOMEM;
        }
        length++;
    }
    *ret = STEAL(patterns);
    return 0;
}

static int add_configured(struct units *units, const char *name)
{
    _cleanup_free_ char *full = NULL;
    struct unit *unit;

    if (is_pattern(name))
        return 0;
    if (unit_full_name(name, &full) < 0) {
        full = NULL;
        return -ENOMEM;
    }
    unit = units_add(units, full, UNIT_HEALED);
    if (!unit)
        return -ENOMEM;
    unit->wanted = true;
    return 0;
}

static bool is_own(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(own_units); i++)
        if (strcmp(own_units[i].name, name) == 0)
            return true;
    return false;
}

/* What the configuration doesn't name any more; a trigger stays, it costs nothing. */
static void forget_unwanted(struct units *units)
{
    size_t kept = 0;

    for (size_t i = 0; i < units->count; i++) {
        struct unit *unit = units->units[i];

        unit->wanted |= units_match(units, unit->name);
        if (unit->wanted || unit->role == UNIT_TRIGGER || is_own(unit->name))
            units->units[kept++] = unit;
        else {
            memory_set_ladder(units->memory, unit->name, NULL);
            unit_free(unit);
        }
    }
    units->count = kept;
}

int units_fill(struct units *units, const struct unbox_config *config)
{
    _cleanup_free_ const char **configured = watched_units(config);
    _cleanup_(patterns_free_p) char **patterns = NULL;
    int r;

    if (!configured)
        return -ENOMEM;
    r = read_patterns(configured, &patterns);
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(own_units); i++)
        if (!units_add(units, own_units[i].name, own_units[i].role))
            return -ENOMEM;
    for (size_t i = 0; i < units->count; i++)
        units->units[i]->wanted = false;
    for (const char *const *name = configured; *name; name++) {
        r = add_configured(units, *name);
        if (r < 0)
            return r;
    }
    patterns_free(units->patterns);
    units->patterns = STEAL(patterns);
    forget_unwanted(units);
    return 0;
}

void units_clear(struct units *units)
{
    for (size_t i = 0; i < units->count; i++)
        unit_free(units->units[i]);
    free(units->units);
    patterns_free(units->patterns);
    units->units = NULL;
    units->patterns = NULL;
    units->count = 0;
}
