/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the units use. systemd doesn't tell it by itself: it is asked, when somebody wants to know
 * or at the interval of the checks where there are limits, and never otherwise.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "events.h"
#include "unbox/log.h"
#include "units-private.h"

#define MIB (1024 * 1024)

/* Of one unit: each number is a question of its own, since all properties are a hundred times as
 * much. */
struct question {
    struct question *next;
    struct units *units;
    char *unit;
    struct usage_sample sample;
    unsigned pending;
};

struct waiter {
    struct waiter *next;
    void (*measured)(void *userdata);
    void *userdata;
};

static void question_free(struct question *question)
{
    for (struct question **p = &question->units->questions; *p; p = &(*p)->next)
        if (*p == question) {
            *p = question->next;
            break;
        }
    free(question->unit);
    free(question);
}

/* They may ask again from there, and then wait for the next round. */
static void wake_waiters(struct units *units)
{
    struct waiter *waiters = STEAL(units->waiters);

    while (waiters) {
        struct waiter *waiter = waiters;

        waiters = waiter->next;
        waiter->measured(waiter->userdata);
        free(waiter);
    }
}

void units_usage_free(struct units *units)
{
    while (units->questions)
        question_free(units->questions);
    wake_waiters(units);
    units->usage_timer = sd_event_source_disable_unref(units->usage_timer);
}

static void limits_of(const struct unbox_config_row *row, struct usage_limits *ret)
{
    ret->of[USAGE_MEMORY] = (uint64_t)unbox_config_row_int(row, "memory_mib") * MIB;
    ret->of[USAGE_CPU] = unbox_config_row_int(row, "cpu_percent");
    ret->of[USAGE_TASKS] = unbox_config_row_int(row, "tasks");
}

static void judge(struct units *units, struct unit *unit)
{
    const struct unbox_config_row *row = units_row(units, unit);
    struct usage_limits limits = {};

    if (row)
        limits_of(row, &limits);
    for (enum usage_kind kind = 0; kind < USAGE_KINDS; kind++)
        if (usage_judge(&unit->usage, &limits, kind))
            events_usage(units->memory, unit, kind, limits.of[kind]);
}

static void answered(struct question *question)
{
    struct units *units = question->units;
    struct unit *unit;

    if (--question->pending > 0)
        return;
    unit = units_find(units, question->unit);
    if (unit) {
        usage_take(&unit->usage, &question->sample, units_now(units));
        judge(units, unit);
    }
    question_free(question);
    if (!units->questions)
        wake_waiters(units);
}

static uint64_t read_value(sd_bus_message *reply)
{
    uint64_t value;

    return reply && sd_bus_message_read(reply, "v", "t", &value) >= 0 ? value : USAGE_UNKNOWN;
}

static void on_memory(sd_bus_message *reply, const char *error, void *userdata)
{
    struct question *question = userdata;

    question->sample.memory = read_value(reply);
    answered(question);
}

static void on_cpu(sd_bus_message *reply, const char *error, void *userdata)
{
    struct question *question = userdata;

    question->sample.cpu_nsec = read_value(reply);
    answered(question);
}

static void on_tasks(sd_bus_message *reply, const char *error, void *userdata)
{
    struct question *question = userdata;

    question->sample.tasks = read_value(reply);
    answered(question);
}

/* Types of units that have processes; false for the others. */
static bool interface_of(const struct unit *unit, char *ret, size_t size)
{
    static const char *const types[] = {"service", "socket", "scope", "slice", "mount", "swap"};
    const char *dot = strrchr(unit->name, '.');

    for (size_t i = 0; dot && i < ELEMENTSOF(types); i++)
        if (strcmp(dot + 1, types[i]) == 0) {
            snprintf(
                    ret, size, "org.freedesktop.systemd1.%c%s", toupper(types[i][0]), types[i] + 1);
            return true;
        }
    return false;
}

static int ask(struct units *units, const struct unit *unit, const char *interface)
{
    static const struct {
        const char *property;
        systemd1_reply_fn reply;
    } numbers[] = {
            {"MemoryCurrent", on_memory},
            {"CPUUsageNSec", on_cpu},
            {"TasksCurrent", on_tasks},
    };
    struct question *question = calloc(1, sizeof(*question));
    int r = -ENOMEM;

    if (!question)
        return r;
    question->units = units;
    question->sample = (struct usage_sample){USAGE_UNKNOWN, USAGE_UNKNOWN, USAGE_UNKNOWN};
    question->unit = strdup(unit->name);
    for (size_t i = 0; question->unit && i < ELEMENTSOF(numbers); i++) {
        r = systemd1_get_property(units->systemd, unit->path, interface, numbers[i].property,
                numbers[i].reply, question);
        if (r >= 0)
            question->pending++;
    }
    if (question->pending == 0) {
        question_free(question);
        return r;
    }
    question->next = units->questions;
    units->questions = question;
    return 0;
}

static bool is_limited(const struct units *units, const struct unit *unit)
{
    const struct unbox_config_row *row = units_row(units, unit);
    struct usage_limits limits;

    if (!row)
        return false;
    limits_of(row, &limits);
    return limits.of[USAGE_MEMORY] || limits.of[USAGE_CPU] || limits.of[USAGE_TASKS];
}

static void ask_all(struct units *units, bool limited_only)
{
    char interface[64];

    for (size_t i = 0; units->known && i < units->count; i++) {
        struct unit *unit = units->units[i];

        if (!unit_is_shown(unit) || (limited_only && !is_limited(units, unit)))
            continue;
        if (unit_facts_activity(&unit->facts) != UNIT_ACTIVE || !unit->path)
            usage_forget(&unit->usage);
        else if (interface_of(unit, interface, sizeof(interface)) &&
                 ask(units, unit, interface) < 0)
            unbox_log(LOG_DEBUG, "can't ask what %s uses", unit->name);
    }
}

int units_measure(struct units *units, void (*measured)(void *userdata), void *userdata)
{
    struct waiter *waiter = calloc(1, sizeof(*waiter));

    if (!waiter)
        return -ENOMEM;
    *waiter = (struct waiter){units->waiters, measured, userdata};
    /* Those who come while the first is waiting get the same. */
    if (!units->waiters)
        ask_all(units, false);
    if (!units->questions) {
        free(waiter);
        return 0;
    }
    units->waiters = waiter;
    return 1;
}

static int on_usage_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct units *units = userdata;
    int r;

    /* What isn't answered yet isn't asked again. */
    if (!units->questions)
        ask_all(units, true);
    r = sd_event_source_set_time_relative(source, units->usage_interval);
    if (r >= 0)
        r = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer of what services use");
    return 0;
}

int units_usage_configure(struct units *units, const struct unbox_config *config)
{
    bool limited = false;

    units->usage_interval =
            unbox_config_int(config, "health.check_interval_seconds") * USEC_PER_SEC;
    for (size_t i = 0; i < units->count; i++)
        limited |= is_limited(units, units->units[i]);
    if (!limited) {
        units->usage_timer = sd_event_source_disable_unref(units->usage_timer);
        return 0;
    }
    if (units->usage_timer)
        return 0;
    return sd_event_add_time_relative(units->event, &units->usage_timer, CLOCK_BOOTTIME,
            units->usage_interval, 0, on_usage_timer, units);
}
