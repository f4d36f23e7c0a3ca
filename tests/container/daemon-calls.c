/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * For the tests called test_daemon.py: the calls of unbox/daemon.h on a command line. What came of
 * one is printed as JSON; the settings of a service are given so, under their names in struct
 * unbox_daemon_settings.
 *
 *     daemon-calls [--async[=MSEC]] create|start|stop|restart|reload|limits|status|remove NAME
 *         [SETTINGS]
 */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "unbox/compat.h"
#include "util.h"

struct outcome {
    sd_event *event;
    uint64_t timeout_usec;
    int error;
    struct unbox_daemon_error why;
    struct unbox_daemon_status status;
};

typedef int (*async_fn)(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);

static const struct action {
    const char *name;
    int (*blocking)(const char *name, struct unbox_daemon_error *ret_error);
    async_fn async;
} actions[] = {
        {"start", daemon_start, unbox_daemon_start_async},
        {"stop", daemon_stop, unbox_daemon_stop_async},
        {"restart", daemon_restart, unbox_daemon_restart_async},
        {"reload", daemon_reload, unbox_daemon_reload_async},
        {"remove", daemon_remove, unbox_daemon_remove_async},
        {"status", NULL, unbox_daemon_get_status_async},
};

#define FIELD(kind, name)                                                                          \
    {                                                                                              \
#name, kind, offsetof(struct unbox_daemon_settings, name)                                  \
    }

static const struct {
    const char *name;
    enum { TEXT, LIST, NUMBER, CHOICE, FLAG } kind;
    size_t offset;
} fields[] = {
        FIELD(TEXT, description),
        FIELD(LIST, argv),
        FIELD(LIST, reload_argv),
        FIELD(CHOICE, type),
        FIELD(FLAG, remain_after_exit),
        FIELD(TEXT, working_directory),
        FIELD(LIST, environment),
        FIELD(TEXT, user),
        FIELD(TEXT, group),
        FIELD(NUMBER, memory_max),
        FIELD(NUMBER, cpu_quota),
        FIELD(NUMBER, tasks_max),
        FIELD(NUMBER, limit_nofile),
        FIELD(CHOICE, restart),
        FIELD(NUMBER, restart_usec),
        FIELD(NUMBER, start_limit_interval_usec),
        FIELD(NUMBER, start_limit_burst),
        FIELD(NUMBER, watchdog_usec),
        FIELD(NUMBER, timeout_start_usec),
        FIELD(NUMBER, timeout_stop_usec),
        FIELD(LIST, after),
        FIELD(LIST, before),
        FIELD(LIST, wants),
        FIELD(LIST, requires_),
        FIELD(LIST, binds_to),
        FIELD(LIST, part_of),
        FIELD(LIST, conflicts),
        FIELD(FLAG, persistent),
        FIELD(LIST, wanted_by),
};

static const char *const *list(json_t *array)
{
    static const char *pool[256];
    static size_t used;
    const char **strings = pool + used;
    size_t i;
    json_t *item;

    if (used + json_array_size(array) >= ELEMENTSOF(pool))
        exit(UNBOX_EXIT_USAGE);
    json_array_foreach (array, i, item)
        strings[i] = json_string_value(item);
    used += json_array_size(array) + 1;
    return strings;
}

static void set_field(struct unbox_daemon_settings *settings, const char *name, json_t *value)
{
    for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
        char *field = (char *)settings + fields[i].offset;

        if (strcmp(fields[i].name, name) != 0)
            continue;
        if (fields[i].kind == TEXT)
            *(const char **)field = json_string_value(value);
        else if (fields[i].kind == LIST)
            *(const char *const **)field = list(value);
        else if (fields[i].kind == NUMBER)
            *(uint64_t *)field = json_integer_value(value);
        else if (fields[i].kind == CHOICE)
            *(unsigned *)field = json_integer_value(value);
        else
            *(bool *)field = json_is_true(value);
        return;
    }
    fprintf(stderr, "daemon-calls: there is no setting %s\n", name);
    exit(UNBOX_EXIT_USAGE);
}

/* Of the settings only the limits; -1: unlimited. */
static struct unbox_daemon_limits limits_of(const struct unbox_daemon_settings *settings)
{
    return (struct unbox_daemon_limits){.memory_max = settings->memory_max,
            .cpu_quota = settings->cpu_quota,
            .tasks_max = settings->tasks_max};
}

static void on_done(int error, const struct unbox_daemon_error *why,
        const struct unbox_daemon_status *status, void *userdata)
{
    struct outcome *outcome = userdata;

    outcome->error = error;
    outcome->why = *why;
    if (status)
        outcome->status = *status;
    (void)sd_event_exit(outcome->event, 0);
}

/* The call is freed here once, and frees itself in `create`. */
static int act_async(const char *action, const char *name, json_t *json, struct outcome *outcome)
{
    struct unbox_daemon_settings settings = {};
    struct unbox_daemon_call *call = NULL;
    const char *key;
    json_t *value;
    int r = -EINVAL;

    json_object_foreach (json, key, value)
        set_field(&settings, key, value);
    if (sd_event_default(&outcome->event) < 0)
        return -ENOMEM;
    if (strcmp(action, "create") == 0)
        r = unbox_daemon_create_async(
                outcome->event, name, &settings, outcome->timeout_usec, on_done, outcome, NULL);
    if (strcmp(action, "limits") == 0) {
        const struct unbox_daemon_limits limits = limits_of(&settings);

        r = unbox_daemon_set_limits_async(
                outcome->event, name, &limits, outcome->timeout_usec, on_done, outcome, &call);
    }
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (strcmp(actions[i].name, action) == 0)
            r = actions[i].async(
                    outcome->event, name, outcome->timeout_usec, on_done, outcome, &call);
    if (r >= 0)
        r = sd_event_loop(outcome->event);
    unbox_daemon_call_free(call);
    sd_event_unref(outcome->event);
    return r < 0 ? r : outcome->error;
}

static int act(const char *action, const char *name, json_t *json, struct outcome *outcome)
{
    struct unbox_daemon_settings settings = {};
    const char *key;
    json_t *value;

    json_object_foreach (json, key, value)
        set_field(&settings, key, value);
    if (strcmp(action, "create") == 0)
        return daemon_create(name, &settings, &outcome->why);
    if (strcmp(action, "limits") == 0) {
        const struct unbox_daemon_limits limits = limits_of(&settings);

        return daemon_set_limits(name, &limits, &outcome->why);
    }
    if (strcmp(action, "status") == 0)
        return daemon_status(name, &outcome->status, &outcome->why);
    for (size_t i = 0; i < ELEMENTSOF(actions); i++)
        if (strcmp(actions[i].name, action) == 0)
            return actions[i].blocking(name, &outcome->why);
    return -EINVAL;
}

static json_t *describe(const struct unbox_daemon_status *status)
{
    return json_pack("{s:s s:s s:s s:s s:s s:s s:s s:I s:i s:i s:i s:i s:I s:I s:I}", "description",
            status->description, "load_state", status->load_state, "active_state",
            status->active_state, "sub_state", status->sub_state, "file_state", status->file_state,
            "result", status->result, "status_text", status->status_text, "since_usec",
            (json_int_t)status->since_usec, "main_pid", (int)status->main_pid, "exit_code",
            status->exit_code, "exit_status", status->exit_status, "restarts",
            (int)status->restarts, "memory_bytes", (json_int_t)status->memory_bytes, "tasks",
            (json_int_t)status->tasks, "cpu_usec", (json_int_t)status->cpu_usec);
}

int main(int argc, char *argv[])
{
    bool async = argc > 1 && strncmp(argv[1], "--async", 7) == 0;
    char **words = argv + 1 + async;
    int count = argc - 1 - async, error;
    _cleanup_json_ json_t *settings = NULL, *result = NULL;
    struct outcome outcome = {.timeout_usec = UNBOX_DAEMON_TIMEOUT_USEC};

    if (async && argv[1][7] == '=')
        outcome.timeout_usec = strtoull(argv[1] + 8, NULL, 10) * USEC_PER_MSEC;
    if (count < 2)
        return UNBOX_EXIT_USAGE;
    settings = count > 2 ? json_loads(words[2], 0, NULL) : json_object();
    if (!settings)
        return UNBOX_EXIT_USAGE;
    error = (async ? act_async : act)(words[0], words[1], settings, &outcome);
    if (error < 0)
        result = json_pack("{s:s s:s s:s}", "error", strerrorname_np(-error) ?: "?", "code",
                outcome.why.code, "text", outcome.why.text);
    else
        result = strcmp(words[0], "status") == 0 ? describe(&outcome.status) : json_object();
    if (json_dumpf(result, stdout, 0) < 0)
        return UNBOX_EXIT_FAILURE;
    return UNBOX_EXIT_OK;
}
