/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The snapshot: which units there are, then all properties of each. Every unit is referenced before
 * it is asked: systemd loads and unloads a unit that nothing needs for each question, and tells
 * everybody. Signals keep what is known up to date until it is stale as a whole; if that happens
 * while a snapshot is being taken, the next one begins when this one is complete.
 */

#include <string.h>

#include "unbox/log.h"
#include "units-private.h"

#define UNIT_PATHS "/org/freedesktop/systemd1/unit"

static int list_names(struct units *units, char ***ret)
{
    char **names = calloc(units->count + 1, sizeof(*names));

    if (!names)
        return -ENOMEM;
    for (size_t i = 0; i < units->count; i++)
        names[i] = units->units[i]->name;
    *ret = names;
    return 0;
}

static void complete(struct units *units)
{
    if (--units->pending > 0)
        return;
    if (units->unlisted) {
        units->unlisted = false;
        systemd1_ask_again(units->systemd);
        return;
    }
    if (units->again) {
        units->again = false;
        units_sync(units, false);
        return;
    }
    for (size_t i = 0; i < units->count; i++)
        if (!units->units[i]->listed)
            (void)unit_facts_set_unloaded(&units->units[i]->facts, "not-found");
    units->known = true;
    systemd1_settled(units->systemd);
    units_evaluate_all(units);
}

static void on_listed(sd_bus_message *reply, const char *error, void *userdata);

/* A trigger that wasn't watched yet is asked for in the same snapshot. */
static void follow_triggers(struct units *units, struct unit *unit)
{
    for (char **name = unit->facts.triggered_by; name && *name; name++) {
        char *names[] = {*name, NULL};

        if (units_find(units, *name) || !units_add(units, *name, UNIT_TRIGGER))
            continue;
        if (systemd1_list_units(units->systemd, names, on_listed, units) >= 0)
            units->pending++;
    }
}

static struct unit *find_by_names(struct units *units, char **names)
{
    for (; names && *names; names++) {
        struct unit *unit = units_find(units, *names);

        if (unit)
            return unit;
    }
    return NULL;
}

static struct unit *take_over(struct units *units, sd_bus_message *reply)
{
    struct unit_facts facts = {};
    _cleanup_free_ char *path = NULL;
    struct unit *unit = NULL;
    int r;

    r = unit_facts_update(&facts, reply);
    if (r >= 0 && facts.id)
        r = sd_bus_path_encode(UNIT_PATHS, facts.id, &path);
    if (r >= 0)
        unit = find_by_names(units, facts.names);
    if (!unit) {
        unit_facts_clear(&facts);
        if (r < 0)
            unbox_log_errno(LOG_WARNING, r, "can't read what systemd says of a unit");
        return NULL;
    }
    /* A reload makes systemd forget which condition it was, though not that it failed. */
    if (facts.condition && !*facts.condition &&
            facts.condition_time == unit->facts.condition_time) {
        free(facts.condition);
        facts.condition = STEAL(unit->facts.condition);
    }
    unit_facts_clear(&unit->facts);
    unit->facts = facts;
    unit->listed = true;
    free(unit->path);
    unit->path = STEAL(path);
    follow_triggers(units, unit);
    return unit;
}

static void on_properties(sd_bus_message *reply, const char *error, void *userdata)
{
    if (reply)
        (void)take_over(userdata, reply);
    else
        unbox_log(LOG_WARNING, "systemd says nothing of a unit: %s", error);
    complete(userdata);
}

static void on_refreshed(sd_bus_message *reply, const char *error, void *userdata)
{
    struct unit *unit = reply ? take_over(userdata, reply) : NULL;

    if (unit)
        units_evaluate(userdata, unit);
    else if (error)
        unbox_log(LOG_WARNING, "systemd says nothing of a unit: %s", error);
}

static void on_referenced(sd_bus_message *reply, const char *error, void *userdata)
{
    if (error)
        unbox_log(LOG_DEBUG, "systemd may unload a unit that is watched: %s", error);
}

static void ask(struct units *units, const char *name, const char *path)
{
    struct unit *unit = units_find(units, name);
    int r;

    if (unit)
        unit->listed = true;
    if (!unit || !unit->referenced) {
        r = systemd1_ref_unit(units->systemd, name, on_referenced, NULL);
        if (r >= 0 && unit)
            unit->referenced = true;
    }
    r = systemd1_get_properties(units->systemd, path, on_properties, units);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd for %s", name);
    else
        units->pending++;
}

static int read_row(
        sd_bus_message *m, const char **ret_name, const char **ret_load, const char **ret_path)
{
    return sd_bus_message_read(m, "(ssssssouso)", ret_name, NULL, ret_load, NULL, NULL, NULL,
            ret_path, NULL, NULL, NULL);
}

static void take_row(struct units *units, const char *name, const char *load, const char *path)
{
    struct unit *unit;

    if (strcmp(load, "loaded") == 0) {
        ask(units, name, path);
        return;
    }
    unit = units_find(units, name);
    if (!unit)
        return;
    unit->listed = true;
    unit->referenced = false;
    free(unit->path);
    unit->path = NULL;
    (void)unit_facts_set_unloaded(&unit->facts, load);
}

static void read_rows(struct units *units, sd_bus_message *reply, bool add)
{
    const char *name, *load, *path;

    if (sd_bus_message_enter_container(reply, 'a', "(ssssssouso)") < 0)
        return;
    while (read_row(reply, &name, &load, &path) > 0) {
        /* Something only mentions it. */
        if (add && strcmp(load, "loaded") != 0)
            continue;
        if (add) {
            struct unit *unit =
                    units_find(units, name) ? NULL : units_add(units, name, UNIT_HEALED);

            if (!unit)
                continue;
            unit->wanted = true;
        }
        take_row(units, name, load, path);
    }
}

/* It says nothing about the units: what is known of them stays, until it can be asked again. */
static void cannot_list(struct units *units, const char *error)
{
    unbox_log(LOG_INFO, "systemd lists no units, asking again: %s", error);
    units->unlisted = true;
}

static void on_listed(sd_bus_message *reply, const char *error, void *userdata)
{
    struct units *units = userdata;

    if (reply)
        read_rows(units, reply, false);
    else
        cannot_list(units, error);
    complete(units);
}

static void on_matched(sd_bus_message *reply, const char *error, void *userdata)
{
    struct units *units = userdata;

    if (reply)
        read_rows(units, reply, true);
    else
        cannot_list(units, error);
    complete(units);
}

void units_sync(struct units *units, bool fresh)
{
    _cleanup_free_ char **names = NULL;
    int r;

    for (size_t i = 0; fresh && i < units->count; i++)
        units->units[i]->referenced = false;
    if (units->pending > 0) {
        units->again = true;
        return;
    }
    for (size_t i = 0; i < units->count; i++)
        units->units[i]->listed = false;

    r = list_names(units, &names);
    if (r >= 0)
        r = systemd1_list_units(units->systemd, names, on_listed, units);
    if (r < 0) {
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd for its units");
        return;
    }
    units->pending++;
    if (units->patterns && units->patterns[0] &&
            systemd1_list_units_like(units->systemd, units->patterns, on_matched, units) >= 0)
        units->pending++;
}

/*
 * As a pattern, not as a name: for a name systemd would load what isn't there, and tell everybody,
 * us too, that it appeared.
 */
void units_discover(struct units *units, const char *name)
{
    char *pattern[] = {(char *)name, NULL};
    int r;

    r = systemd1_list_units_like(units->systemd, pattern, on_matched, units);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd for %s", name);
    else
        units->pending++;
}

static bool is_over(const struct unit *unit)
{
    enum unit_activity activity = unit_facts_activity(&unit->facts);

    return unit->facts.load_state && (activity == UNIT_INACTIVE || activity == UNIT_FAILED);
}

bool units_follow(struct units *units, const char *name)
{
    char *names[] = {(char *)name, NULL};
    const struct unit *unit = units_find(units, name);
    int r;

    if (unit)
        return !is_over(unit);
    if (!units_add(units, name, UNIT_TRIGGER))
        return true;
    r = systemd1_list_units(units->systemd, names, on_listed, units);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd for %s", name);
    else
        units->pending++;
    return true;
}

void units_refresh(struct units *units, struct unit *unit)
{
    int r;

    if (!unit->path)
        return;
    r = systemd1_get_properties(units->systemd, unit->path, on_refreshed, units);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't ask systemd for %s", unit->name);
}
