/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sentences, and where they go. */

#include "events.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "unbox/log.h"
#include "unbox/messages.h"

#define OWN_UNIT "healthd.service"
#define MESSAGE_MAX 512

struct event {
    const char *name;
    const char *message_id;
    int priority;
    bool journal_only;
    const char *topic; /* under "health.", where it isn't the name */
};

static const struct event failed = {"failed", UNBOX_MESSAGE_SERVICE_FAILED, LOG_WARNING};
static const struct event degraded = {"degraded", UNBOX_MESSAGE_SERVICE_FAILED, LOG_ERR};
static const struct event restarted = {
        "restarted", UNBOX_MESSAGE_SERVICE_RESTARTED, LOG_NOTICE, .topic = "running"};
static const struct event restarting = {
        "restarted", UNBOX_MESSAGE_SERVICE_RESTARTED, LOG_NOTICE, .topic = "restarting"};
static const struct event recovered = {"recovered", UNBOX_MESSAGE_SERVICE_RECOVERED, LOG_NOTICE};
static const struct event stopped = {"stopped", UNBOX_MESSAGE_SERVICE_STOPPED, LOG_NOTICE};
static const struct event check_failing = {"failing", UNBOX_MESSAGE_CHECK_FAILING, LOG_WARNING};
static const struct event check_passing = {"passing", UNBOX_MESSAGE_CHECK_PASSING, LOG_NOTICE};
static const struct event using_much = {"warning", UNBOX_MESSAGE_SERVICE_USAGE, LOG_WARNING};
static const struct event using_less = {"eased", UNBOX_MESSAGE_SERVICE_USAGE, LOG_NOTICE};
/* One a minute for as long as it takes: they would push everything else out of the memory. */
static const struct event tried_again = {"restarted", UNBOX_MESSAGE_SERVICE_RESTARTED, LOG_NOTICE,
        .journal_only = true, .topic = "restarting"};

static void publish(struct memory *memory, const struct event *event, const char *unit,
        const char *service, const char *reason, const char *message)
{
    const struct bus_entry entry = {event->priority, event->message_id,
            UNBOX_FIELDS("UNBOX_UNIT", unit, "UNBOX_EVENT", event->name, "UNBOX_REASON", reason),
            message};
    char topic[64];
    int r;

    snprintf(topic, sizeof(topic), "health.%s", event->topic ?: event->name);
    r = bus_publish_kept(memory_bus(memory), topic,
            json_pack("{s:s, s:s, s:s, s:s, s:s*}", "service", service, "unit", unit, "event",
                    event->name, "message", message, "reason", reason),
            &entry, NULL);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't tell anybody that %s", message);
}

_printf_(5, 6) static void tell(struct memory *memory, const struct event *event, const char *unit,
        const char *reason, const char *format, ...)
{
    _cleanup_free_ char *sentence = NULL, *whole = NULL, *message = NULL;
    char service[NAME_MAX + 1];
    va_list args;
    int n;

    unit_short_name(unit, service, sizeof(service));
    va_start(args, format);
    n = vasprintf(&sentence, format, args);
    va_end(args);
    if (n < 0)
        sentence = NULL;
    if (asprintf(&whole, "%s %s", service, sentence ?: event->name) < 0)
        whole = NULL;
    /* Not cut in the middle of a character: nobody would be told anything. */
    message = whole ? text_clean(whole, MESSAGE_MAX) : NULL;

    publish(memory, event, unit, service, reason, message ?: event->name);
    if (!event->journal_only)
        memory_add_event(memory, service, event->name, message ?: event->name);
}

void events_failed(struct memory *memory, const struct unit *unit)
{
    tell(memory, &failed, unit->name, unit->trouble, "%s", unit->trouble ?: "failed");
}

void events_degraded(struct memory *memory, const struct unit *unit)
{
    tell(memory, &degraded, unit->name, unit->trouble, "%s", unit->trouble ?: "failed");
}

void events_restarting(struct memory *memory, const struct unit *unit)
{
    tell(memory, unit->ladder.degraded ? &tried_again : &restarting, unit->name, unit->trouble,
            "is restarted by healthd, attempt %u", unit->ladder.restarts);
}

void events_running_again(struct memory *memory, const struct unit *unit)
{
    tell(memory, &restarted, unit->name, unit->trouble, "%s and is running again",
            unit->trouble ?: "failed");
}

void events_recovered(struct memory *memory, const struct unit *unit)
{
    tell(memory, &recovered, unit->name, unit->trouble, "is healthy again");
}

void events_stopped(struct memory *memory, const struct unit *unit)
{
    tell(memory, &stopped, unit->name, NULL, "was stopped on purpose");
}

void events_check_failing(struct memory *memory, const char *service, const char *text)
{
    tell(memory, &check_failing, service, text, "fails the %s", text ?: "check");
}

void events_check_passing(struct memory *memory, const char *service, const char *text)
{
    tell(memory, &check_passing, service, text, "passes again the %s", text ?: "check");
}

void events_usage(
        struct memory *memory, const struct unit *unit, enum usage_kind kind, uint64_t limit)
{
    static const struct {
        const char *name, *amount, *less;
        uint64_t divisor;
    } kinds[] = {
            [USAGE_MEMORY] = {"memory", "MiB of memory", "less memory", 1024 * 1024},
            [USAGE_CPU] = {"processor", "% of a processor", "less of the processor", 1},
            [USAGE_TASKS] = {"tasks", "tasks", "fewer tasks", 1},
    };
    unsigned long long value = usage_value(&unit->usage, kind) / kinds[kind].divisor;

    if (unit->usage.over[kind])
        tell(memory, &using_much, unit->name, kinds[kind].name,
                "uses %llu %s, where %llu are worth a warning", value, kinds[kind].amount,
                (unsigned long long)(limit / kinds[kind].divisor));
    else
        tell(memory, &using_less, unit->name, kinds[kind].name, "uses %s again", kinds[kind].less);
}

void events_changed(struct memory *memory, struct unit *unit)
{
    const char *state = unit_state(unit);
    char service[NAME_MAX + 1];
    int r;

    if (!unit_is_shown(unit) || strcmp(unit->told, state) == 0)
        return;
    unit_short_name(unit->name, service, sizeof(service));
    r = bus_publish(memory_bus(memory), "health.changed",
            json_pack("{s:s, s:s, s:s, s:s}", "service", service, "unit", unit->name, "state",
                    state, "before", unit->told),
            NULL);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't tell anybody that %s is %s", service, state);
    snprintf(unit->told, sizeof(unit->told), "%s", state);
}

void events_own_death(struct memory *memory)
{
    static const char reason[] = "was killed or crashed";

    tell(memory, &failed, OWN_UNIT, reason, "%s", reason);
    tell(memory, &restarted, OWN_UNIT, reason, "%s and is running again", reason);
    tell(memory, &recovered, OWN_UNIT, reason, "is healthy again");
}
