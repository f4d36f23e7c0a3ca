/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads systemd's properties into struct unit_facts; repetitions are noticed here. */

#include "facts.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static void names_free(char **names)
{
    for (char **name = names; name && *name; name++)
        free(*name);
    free(names);
}

DEFINE_CLEANUP(char **, names_free);

void unit_facts_clear(struct unit_facts *facts)
{
    free(facts->id);
    free(facts->load_state);
    free(facts->active_state);
    free(facts->sub_state);
    free(facts->file_state);
    free(facts->service_type);
    free(facts->result);
    free(facts->status_text);
    free(facts->condition);
    names_free(facts->names);
    names_free(facts->triggered_by);
    *facts = (struct unit_facts){};
}

static int set_string(char **string, const char *value)
{
    char *copy;

    if (*string && strcmp(*string, value) == 0)
        return 0;
    copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(*string);
    *string = copy;
    return 1;
}

static int read_string(sd_bus_message *m, void *field)
{
    const char *value;
    int r = sd_bus_message_read_basic(m, 's', &value);

    return r < 0 ? r : set_string(field, value);
}

/* D-Bus' booleans are C's int in sd-bus. */
static int read_number(sd_bus_message *m, char type, void *field, size_t size)
{
    uint64_t value = 0;
    int r = sd_bus_message_read_basic(m, type, &value);

    if (r < 0)
        return r;
    if (memcmp(field, &value, size) == 0)
        return 0;
    memcpy(field, &value, size);
    return 1;
}

static int read_u32(sd_bus_message *m, void *field)
{
    return read_number(m, 'u', field, sizeof(uint32_t));
}

static int read_i32(sd_bus_message *m, void *field)
{
    return read_number(m, 'i', field, sizeof(int32_t));
}

static int read_u64(sd_bus_message *m, void *field)
{
    return read_number(m, 't', field, sizeof(uint64_t));
}

static int read_bool(sd_bus_message *m, void *field)
{
    return read_number(m, 'b', field, sizeof(int));
}

static int read_names(sd_bus_message *m, void *field)
{
    char ***names = field;
    char **read = NULL;
    int r = sd_bus_message_read_strv(m, &read);

    if (r < 0)
        return r;
    names_free(*names);
    *names = read;
    /* It never changes but by a reload, and is then asked for as a whole. */
    return 0;
}

static int read_job(sd_bus_message *m, void *field)
{
    int r, changed;

    r = sd_bus_message_enter_container(m, 'r', "uo");
    if (r < 0)
        return r;
    changed = read_u32(m, field);
    if (changed < 0)
        return changed;
    r = sd_bus_message_skip(m, "o");
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : changed;
}

/* (name, is a trigger, is negated, parameter, state: below 0 it failed) */
static int read_conditions(sd_bus_message *m, void *field)
{
    _cleanup_free_ char *failed = NULL;
    const char *name, *parameter;
    int trigger, negated, state, r;

    r = sd_bus_message_enter_container(m, 'a', "(sbbsi)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_read(m, "(sbbsi)", &name, &trigger, &negated, &parameter, &state)) >
            0)
        if (state < 0 && !failed &&
                asprintf(&failed, "%s=%s%s", name, negated ? "!" : "", parameter) < 0)
            return -ENOMEM;
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : set_string(field, failed ?: "");
}

static int read_bits(sd_bus_message *m, uint64_t *bits, int32_t limit)
{
    const int32_t *values;
    size_t size;
    int r = sd_bus_message_read_array(m, 'i', (const void **)&values, &size);

    if (r < 0)
        return r;
    memset(bits, 0, limit / 8);
    for (size_t i = 0; i < size / sizeof(*values); i++)
        if (values[i] >= 0 && values[i] < limit)
            bits[values[i] / 64] |= UINT64_C(1) << values[i] % 64;
    return 0;
}

static int read_final_ends(sd_bus_message *m, void *field)
{
    struct unit_final_ends *ends = field;
    int r;

    r = sd_bus_message_enter_container(m, 'r', "aiai");
    if (r < 0)
        return r;
    r = read_bits(m, ends->statuses, 256);
    if (r < 0)
        return r;
    r = read_bits(m, &ends->signals, 64);
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : 0;
}

static const struct property {
    const char *name;
    int (*read)(sd_bus_message *m, void *field);
    const char *contents;
    size_t offset;
} properties[] = {
        {"Id", read_string, "s", offsetof(struct unit_facts, id)},
        {"LoadState", read_string, "s", offsetof(struct unit_facts, load_state)},
        {"ActiveState", read_string, "s", offsetof(struct unit_facts, active_state)},
        {"SubState", read_string, "s", offsetof(struct unit_facts, sub_state)},
        {"UnitFileState", read_string, "s", offsetof(struct unit_facts, file_state)},
        {"Names", read_names, "as", offsetof(struct unit_facts, names)},
        {"TriggeredBy", read_names, "as", offsetof(struct unit_facts, triggered_by)},
        {"Job", read_job, "(uo)", offsetof(struct unit_facts, job)},
        {"ConditionResult", read_bool, "b", offsetof(struct unit_facts, condition_result)},
        {"ConditionTimestampMonotonic", read_u64, "t", offsetof(struct unit_facts, condition_time)},
        {"Conditions", read_conditions, "a(sbbsi)", offsetof(struct unit_facts, condition)},
        {"InactiveExitTimestampMonotonic", read_u64, "t",
                offsetof(struct unit_facts, inactive_exit_time)},
        {"StateChangeTimestamp", read_u64, "t", offsetof(struct unit_facts, state_change_time)},
        {"ActiveEnterTimestamp", read_u64, "t", offsetof(struct unit_facts, active_enter_time)},
        {"Type", read_string, "s", offsetof(struct unit_facts, service_type)},
        {"Result", read_string, "s", offsetof(struct unit_facts, result)},
        {"StatusText", read_string, "s", offsetof(struct unit_facts, status_text)},
        {"NRestarts", read_u32, "u", offsetof(struct unit_facts, restarts)},
        {"RestartPreventExitStatus", read_final_ends, "(aiai)",
                offsetof(struct unit_facts, final_ends)},
        {"ExecMainCode", read_i32, "i", offsetof(struct unit_facts, exit_code)},
        {"ExecMainStatus", read_i32, "i", offsetof(struct unit_facts, exit_status)},
};

static const struct property *find_property(const char *name, const char *contents)
{
    for (size_t i = 0; i < ELEMENTSOF(properties); i++)
        if (strcmp(properties[i].name, name) == 0)
            return strcmp(properties[i].contents, contents) == 0 ? &properties[i] : NULL;
    return NULL;
}

static int read_variant(struct unit_facts *facts, sd_bus_message *m, const char *name)
{
    const struct property *property;
    const char *contents;
    char type;
    int r, changed;

    r = sd_bus_message_peek_type(m, &type, &contents);
    if (r < 0)
        return r;
    property = find_property(name, contents);
    if (!property)
        return sd_bus_message_skip(m, "v") < 0 ? -EBADMSG : 0;

    r = sd_bus_message_enter_container(m, 'v', contents);
    if (r < 0)
        return r;
    changed = property->read(m, (char *)facts + property->offset);
    if (changed < 0)
        return changed;
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : changed;
}

int unit_facts_update(struct unit_facts *facts, sd_bus_message *m)
{
    int r, changed = 0;

    r = sd_bus_message_enter_container(m, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        const char *name;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
            return r;
        r = read_variant(facts, m, name);
        if (r < 0)
            return r;
        changed |= r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    r = sd_bus_message_exit_container(m);
    return r < 0 ? r : changed;
}

int unit_facts_set_unloaded(struct unit_facts *facts, const char *load_state)
{
    unit_facts_clear(facts);
    return set_string(&facts->load_state, load_state) < 0 ? -ENOMEM : 0;
}

static bool is(const char *string, const char *value)
{
    return string && strcmp(string, value) == 0;
}

bool unit_facts_is_loaded(const struct unit_facts *facts)
{
    return is(facts->load_state, "loaded");
}

enum unit_activity unit_facts_activity(const struct unit_facts *facts)
{
    if (is(facts->active_state, "active") || is(facts->active_state, "reloading"))
        return UNIT_ACTIVE;
    if (is(facts->active_state, "activating"))
        return UNIT_ACTIVATING;
    if (is(facts->active_state, "deactivating"))
        return UNIT_DEACTIVATING;
    return is(facts->active_state, "failed") ? UNIT_FAILED : UNIT_INACTIVE;
}

bool unit_facts_condition_failed(const struct unit_facts *facts)
{
    return facts->condition_time > 0 && !facts->condition_result;
}

bool unit_facts_has_failed(const struct unit_facts *facts)
{
    return facts->result && !is(facts->result, "success");
}

bool unit_facts_ended_for_good(const struct unit_facts *facts)
{
    const struct unit_final_ends *ends = &facts->final_ends;
    int32_t status = facts->exit_status;

    if (!unit_facts_has_failed(facts) || status < 0)
        return false;
    if (facts->exit_code == CLD_EXITED)
        return status < 256 && ends->statuses[status / 64] >> status % 64 & 1;
    return status < 64 && ends->signals >> status & 1;
}

static char *how_it_was_killed(const char *verb, int number)
{
    const char *name = sigabbrev_np(number);
    char *text;

    if ((name ? asprintf(&text, "%s (SIG%s)", verb, name)
              : asprintf(&text, "%s (signal %d)", verb, number)) < 0)
        return NULL;
    return text;
}

char *unit_facts_how_it_ended(const struct unit_facts *facts)
{
    static const struct {
        const char *result, *text;
    } texts[] = {
            {"watchdog", "did not feed its watchdog"},
            {"timeout", "took too long"},
            {"start-limit-hit", "was started too often"},
            {"oom-kill", "was killed for want of memory"},
            {"protocol", "did not become ready"},
            {"resources", "could not be started"},
            {"exec-condition", "was kept from starting by its ExecCondition"},
    };
    char *text;

    if (is(facts->result, "signal"))
        return how_it_was_killed("was killed", facts->exit_status);
    if (is(facts->result, "core-dump"))
        return how_it_was_killed("crashed", facts->exit_status);
    if (is(facts->result, "exit-code") && facts->exit_code == CLD_EXITED && facts->exit_status)
        return asprintf(&text, "exited with status %d", facts->exit_status) < 0 ? NULL : text;
    for (size_t i = 0; i < ELEMENTSOF(texts); i++)
        if (is(facts->result, texts[i].result))
            return strdup(texts[i].text);
    if (unit_facts_has_failed(facts))
        return asprintf(&text, "failed (%s)", facts->result) < 0 ? NULL : text;
    return strdup("ended by itself");
}
