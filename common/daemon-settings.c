/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One table of what a service can be told, with its name in a unit file and on the bus: whoever
 * adds a setting adds a line, and both languages have it.
 */

#include "daemon-settings.h"

#include <string.h>

#include "util.h"

#define FILE_SIZE_MAX (256 * 1024)

#define FIELD(name) offsetof(struct unbox_daemon_settings, name)

static const char *const multi_user[] = {"multi-user.target", NULL};

static const struct setting {
    const char *section;
    const char *name;     /* in a unit file */
    const char *property; /* of StartTransientUnit; NULL: it has no such one */
    const struct daemon_kind *kind;
    size_t offset;
} table[] = {
        {"Unit", "Description", "Description", &daemon_text, FIELD(description)},
        {"Unit", "After", "After", &daemon_units, FIELD(after)},
        {"Unit", "Before", "Before", &daemon_units, FIELD(before)},
        {"Unit", "Wants", "Wants", &daemon_units, FIELD(wants)},
        {"Unit", "Requires", "Requires", &daemon_units, FIELD(requires_)},
        {"Unit", "BindsTo", "BindsTo", &daemon_units, FIELD(binds_to)},
        {"Unit", "PartOf", "PartOf", &daemon_units, FIELD(part_of)},
        {"Unit", "Conflicts", "Conflicts", &daemon_units, FIELD(conflicts)},
        {"Unit", "StartLimitIntervalSec", "StartLimitIntervalUSec", &daemon_time,
                FIELD(start_limit_interval_usec)},
        {"Unit", "StartLimitBurst", "StartLimitBurst", &daemon_count, FIELD(start_limit_burst)},
        {"Service", "Type", "Type", &daemon_type, FIELD(type)},
        {"Service", "ExecStart", "ExecStartEx", &daemon_command, FIELD(argv)},
        {"Service", "ExecReload", "ExecReloadEx", &daemon_command, FIELD(reload_argv)},
        {"Service", "RemainAfterExit", "RemainAfterExit", &daemon_flag, FIELD(remain_after_exit)},
        {"Service", "WorkingDirectory", "WorkingDirectory", &daemon_path, FIELD(working_directory)},
        {"Service", "Environment", "Environment", &daemon_environment, FIELD(environment)},
        {"Service", "User", "User", &daemon_user, FIELD(user)},
        {"Service", "Group", "Group", &daemon_user, FIELD(group)},
        {"Service", "MemoryMax", "MemoryMax", &daemon_number, FIELD(memory_max)},
        {"Service", "CPUQuota", "CPUQuotaPerSecUSec", &daemon_percent, FIELD(cpu_quota)},
        {"Service", "TasksMax", "TasksMax", &daemon_number, FIELD(tasks_max)},
        {"Service", "LimitNOFILE", "LimitNOFILE", &daemon_number, FIELD(limit_nofile)},
        {"Service", "Restart", "Restart", &daemon_restart, FIELD(restart)},
        {"Service", "RestartSec", "RestartUSec", &daemon_time, FIELD(restart_usec)},
        {"Service", "WatchdogSec", "WatchdogUSec", &daemon_time, FIELD(watchdog_usec)},
        {"Service", "TimeoutStartSec", "TimeoutStartUSec", &daemon_time, FIELD(timeout_start_usec)},
        {"Service", "TimeoutStopSec", "TimeoutStopUSec", &daemon_time, FIELD(timeout_stop_usec)},
        {"Install", "WantedBy", NULL, &daemon_units, FIELD(wanted_by)},
};

static const void *field_of(
        const struct setting *setting, const struct unbox_daemon_settings *settings)
{
    return (const char *)settings + setting->offset;
}

int daemon_settings_check(const struct unbox_daemon_settings *settings, const char **ret_setting)
{
    if (!settings->argv) {
        *ret_setting = "ExecStart";
        return -EINVAL;
    }
    for (size_t i = 0; i < ELEMENTSOF(table); i++) {
        const void *field = field_of(&table[i], settings);

        if (table[i].kind->is_set(field) && !table[i].kind->is_valid(field)) {
            *ret_setting = table[i].name;
            return -EINVAL;
        }
    }
    return 0;
}

static void write_settings(FILE *file, const struct unbox_daemon_settings *settings)
{
    const char *section = "";

    fputs(DAEMON_FILE_MARK "\n", file);
    for (size_t i = 0; i < ELEMENTSOF(table); i++) {
        const void *field = field_of(&table[i], settings);

        if (!table[i].kind->is_set(field))
            continue;
        if (strcmp(section, table[i].section) != 0) {
            section = table[i].section;
            fprintf(file, "\n[%s]\n", section);
        }
        table[i].kind->write(file, table[i].name, field);
    }
}

int daemon_settings_to_file(
        const struct unbox_daemon_settings *settings, char **ret_text, size_t *ret_size)
{
    struct unbox_daemon_settings complete = *settings;
    _cleanup_free_ char *text = NULL;
    size_t size;
    bool whole;
    FILE *file;

    if (!complete.wanted_by)
        complete.wanted_by = multi_user;
    file = open_memstream(&text, &size);
    if (!file)
        return -ENOMEM;
    write_settings(file, &complete);
    whole = !ferror(file);
    if (fclose(file) != 0 || !whole)
        return -ENOMEM;
    if (size > FILE_SIZE_MAX)
        return -E2BIG;
    *ret_text = STEAL(text);
    *ret_size = size;
    return 0;
}

static int append_property(
        sd_bus_message *m, const char *property, const struct daemon_kind *kind, const void *field)
{
    int r;

    r = sd_bus_message_open_container(m, 'r', "sv");
    if (r < 0)
        return r;
    r = sd_bus_message_append_basic(m, 's', property);
    if (r < 0)
        return r;
    r = kind->append(m, field);
    if (r < 0)
        return r;
    return sd_bus_message_close_container(m);
}

int daemon_settings_to_message(const struct unbox_daemon_settings *settings, sd_bus_message *m)
{
    int r;

    r = sd_bus_message_open_container(m, 'a', "(sv)");
    if (r < 0)
        return r;
    for (size_t i = 0; i < ELEMENTSOF(table); i++) {
        const void *field = field_of(&table[i], settings);

        if (!table[i].property || !table[i].kind->is_set(field))
            continue;
        r = append_property(m, table[i].property, table[i].kind, field);
        if (r < 0)
            return r;
    }
    return sd_bus_message_close_container(m);
}

#define LIMIT(name) offsetof(struct unbox_daemon_limits, name)

static const struct limit {
    const char *name;
    const char *property;
    const struct daemon_kind *kind;
    size_t offset;
} limit_table[] = {
        {"MemoryMax", "MemoryMax", &daemon_number, LIMIT(memory_max)},
        {"CPUQuota", "CPUQuotaPerSecUSec", &daemon_percent, LIMIT(cpu_quota)},
        {"TasksMax", "TasksMax", &daemon_number, LIMIT(tasks_max)},
};

static const uint64_t *limit_of(const struct limit *limit, const struct unbox_daemon_limits *limits)
{
    return (const uint64_t *)((const char *)limits + limit->offset);
}

int daemon_limits_check(const struct unbox_daemon_limits *limits, const char **ret_setting)
{
    bool any = false;

    for (size_t i = 0; i < ELEMENTSOF(limit_table); i++) {
        const uint64_t *value = limit_of(&limit_table[i], limits);

        any |= *value > 0;
        if (*value != UNBOX_DAEMON_UNLIMITED && !limit_table[i].kind->is_valid(value)) {
            *ret_setting = limit_table[i].name;
            return -EINVAL;
        }
    }
    *ret_setting = "limits";
    return any ? 0 : -EINVAL;
}

int daemon_limits_to_message(const struct unbox_daemon_limits *limits, sd_bus_message *m)
{
    int r;

    r = sd_bus_message_open_container(m, 'a', "(sv)");
    for (size_t i = 0; r >= 0 && i < ELEMENTSOF(limit_table); i++) {
        const uint64_t *value = limit_of(&limit_table[i], limits);

        if (*value == 0)
            continue;
        /* The bus has one number for all that is unlimited, of whatever unit. */
        if (*value == UNBOX_DAEMON_UNLIMITED)
            r = sd_bus_message_append(m, "(sv)", limit_table[i].property, "t", UINT64_MAX);
        else
            r = append_property(m, limit_table[i].property, limit_table[i].kind, value);
    }
    return r < 0 ? r : sd_bus_message_close_container(m);
}
