/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads a unit's properties into struct unbox_daemon_status. */

#include "daemon-facts.h"

#include <stddef.h>
#include <string.h>

#define FIELD(name) offsetof(struct daemon_facts, name), sizeof(((struct daemon_facts *)0)->name)

static const struct property {
    const char *name;
    char type;
    size_t offset;
    size_t size;
} table[] = {
        {"Description", 's', FIELD(status.description)},
        {"LoadState", 's', FIELD(status.load_state)},
        {"ActiveState", 's', FIELD(status.active_state)},
        {"SubState", 's', FIELD(status.sub_state)},
        {"UnitFileState", 's', FIELD(status.file_state)},
        {"Result", 's', FIELD(status.result)},
        {"StatusText", 's', FIELD(status.status_text)},
        {"FragmentPath", 's', FIELD(fragment)},
        {"Transient", 'b', FIELD(transient)},
        {"ActiveEnterTimestamp", 't', FIELD(active_enter)},
        {"ActiveExitTimestamp", 't', FIELD(active_exit)},
        {"InactiveEnterTimestamp", 't', FIELD(inactive_enter)},
        {"InactiveExitTimestamp", 't', FIELD(inactive_exit)},
        {"MainPID", 'u', FIELD(status.main_pid)},
        {"ExecMainCode", 'i', FIELD(status.exit_code)},
        {"ExecMainStatus", 'i', FIELD(status.exit_status)},
        {"NRestarts", 'u', FIELD(status.restarts)},
        {"MemoryCurrent", 't', FIELD(status.memory_bytes)},
        {"TasksCurrent", 't', FIELD(status.tasks)},
        {"CPUUsageNSec", 't', FIELD(status.cpu_usec)},
};

static const struct property *find_property(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

static int read_value(sd_bus_message *m, const struct property *property, void *field)
{
    const char *text;
    uint64_t number = 0;
    int r;

    if (property->type == 's') {
        r = sd_bus_message_read_basic(m, 's', &text);
        if (r >= 0)
            daemon_copy_text(field, property->size, text);
        return r;
    }
    r = sd_bus_message_read_basic(m, property->type, &number);
    if (r >= 0)
        memcpy(field, &number, property->size);
    return r;
}

static int read_property(sd_bus_message *m, struct daemon_facts *facts)
{
    const struct property *property;
    const char *name;
    int r;

    r = sd_bus_message_read_basic(m, 's', &name);
    if (r < 0)
        return r;
    property = find_property(name);
    if (!property)
        return sd_bus_message_skip(m, "v");
    r = sd_bus_message_enter_container(m, 'v', (const char[]){property->type, '\0'});
    if (r < 0)
        return r;
    r = read_value(m, property, (char *)facts + property->offset);
    if (r < 0)
        return r;
    return sd_bus_message_exit_container(m);
}

/* As `systemctl status` has it. */
static uint64_t since(const struct daemon_facts *facts)
{
    const char *state = facts->status.active_state;

    if (strcmp(state, "active") == 0 || strcmp(state, "reloading") == 0)
        return facts->active_enter;
    if (strcmp(state, "activating") == 0)
        return facts->inactive_exit;
    if (strcmp(state, "deactivating") == 0)
        return facts->active_exit;
    return facts->inactive_enter;
}

static int read_all(sd_bus_message *m, struct daemon_facts *facts)
{
    int r;

    r = sd_bus_message_enter_container(m, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = read_property(m, facts);
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

int daemon_facts_ask(struct unbox_daemon_call *call, daemon_reply_fn reply)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    _cleanup_free_ char *path = NULL;
    int r;

    r = sd_bus_path_encode(SYSTEMD1_PATH "/unit", call->unit, &path);
    if (r < 0)
        return r;
    r = sd_bus_message_new_method_call(
            call->bus, &m, SYSTEMD1, path, "org.freedesktop.DBus.Properties", "GetAll");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", ""); /* of all interfaces, as `systemctl show` does */
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, reply);
}

int daemon_facts_read(struct unbox_daemon_call *call, sd_bus_message *reply,
        const sd_bus_error *error, struct daemon_facts *ret)
{
    static const uint64_t unknown = UINT64_MAX;
    struct daemon_facts facts = {
            .status = {.memory_bytes = unknown, .tasks = unknown, .cpu_usec = unknown}};
    int r;

    if (error)
        return daemon_call_refuse_bus(call, error);
    r = read_all(reply, &facts);
    if (r < 0)
        return r;
    facts.status.since_usec = since(&facts);
    /* It counts nanoseconds; that it doesn't know stays what it is. */
    if (facts.status.cpu_usec != unknown)
        facts.status.cpu_usec /= 1000;
    *ret = facts;
    return 1;
}

bool daemon_facts_is_unit(const struct daemon_facts *facts)
{
    return strcmp(facts->status.load_state, "not-found") != 0;
}
