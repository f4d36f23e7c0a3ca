/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The scheduler: one timer for all checks, for starting them as well as for ending those that don't
 * answer. Without checks it is off.
 */

#include "checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "check.h"
#include "checks-private.h"
#include "events.h"
#include "text.h"
#include "timestamp.h"
#include "unbox/log.h"

#define TIMER_ACCURACY_USEC (250 * USEC_PER_MSEC)
#define MESSAGE_MAX 256 /* bytes: a sentence */

/* The loop's own time stands still while a check runs, and it is wanted to be measured. */
static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

static void arm_timer(struct checks *checks)
{
    uint64_t wake = UINT64_MAX;
    int r;

    for (size_t i = 0; checks->started && i < checks->count; i++) {
        uint64_t w = check_plan_wake(&checks->checks[i]->plan);

        if (w < wake)
            wake = w;
    }
    r = sd_event_source_set_time(checks->timer, wake);
    if (r >= 0)
        r = sd_event_source_set_enabled(
                checks->timer, wake == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer of the checks");
}

bool check_is_of(const struct check *check, const char *unit)
{
    return unit && check->unit ? strcmp(check->unit, unit) == 0 : !unit && !check->unit;
}

const char *checks_trouble(const struct checks *checks, const char *unit)
{
    for (size_t i = 0; i < checks->count; i++)
        if (check_is_of(checks->checks[i], unit) && checks->checks[i]->plan.state == CHECK_FAILING)
            return checks->checks[i]->trouble;
    return NULL;
}

static bool is_sick(const struct checks *checks, const char *unit)
{
    for (size_t i = 0; i < checks->count; i++)
        if (check_is_of(checks->checks[i], unit) && checks->checks[i]->sick)
            return true;
    return false;
}

void checks_report(struct checks *checks, const char *unit, bool heal)
{
    checks->ops->changed(
            unit, checks_trouble(checks, unit), is_sick(checks, unit), heal, checks->userdata);
}

/* NULL where memory is short: then the state has to do. */
static char *describe(const struct check *check, const char *message)
{
    char *text;

    if (asprintf(&text, "%s check of %s: %s", check->type->name, check->target,
                message ?: "failed") < 0)
        return NULL;
    return text;
}

static void tell(struct check *check)
{
    struct memory *memory = check->checks->memory;

    if (check->plan.state == CHECK_FAILING && !check->told) {
        check->told = true;
        events_check_failing(memory, check->service, check->trouble);
    } else if (check->plan.state == CHECK_OK && check->told) {
        _cleanup_free_ char *text = describe(check, check->message);

        check->told = false;
        events_check_passing(memory, check->service, text);
    }
}

/* Takes over the message; `ran`: it was looked at, and not merely found to be pointless. */
static void conclude(struct check *check, enum check_state state, char *message, bool ran)
{
    uint64_t now = now_usec();
    bool was_sick = check->sick, other;
    unsigned result;

    check->duration_usec = ran ? now - check->plan.started : 0;
    result = check_plan_result(&check->plan, now, state);
    other = !message || !check->message || strcmp(message, check->message) != 0;
    free(check->message);
    check->message = message;
    free(check->trouble);
    check->trouble = state == CHECK_FAILING ? describe(check, message) : NULL;
    if (ran)
        check->sick = check->heals && state == CHECK_FAILING;
    if (result & CHECK_CHANGED)
        check->since = timestamp_now();
    tell(check);
    if (result != 0 || was_sick != check->sick || (state == CHECK_FAILING && other))
        checks_report(check->checks, check->unit, result & CHECK_HEAL);
}

void check_done(struct check *check, enum check_state state, const char *format, ...)
{
    _cleanup_free_ char *message = NULL;
    va_list args;

    if (!check->plan.running)
        return;
    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    /* What a program says, or a server, is anything, and of any length. */
    conclude(check, state, message ? text_clean(message, MESSAGE_MAX) : NULL, true);
    arm_timer(check->checks);
}

void check_done_errno(struct check *check, int error)
{
    bool own = error == -EACCES || error == -EPERM || error == -ENOMEM || error == -EMFILE;

    check_done(check, own ? CHECK_UNKNOWN : CHECK_FAILING, "%s%s", own ? "healthd: " : "",
            strerrordesc_np(-error) ?: "failed");
}

sd_bus *check_bus(struct check *check)
{
    return check->checks->ops->bus(check->checks->userdata);
}

static void begin(struct check *check)
{
    struct checks *checks = check->checks;
    char *message;
    int r;

    if (check->unit && !checks->ops->runs(check->unit, checks->userdata)) {
        message = asprintf(&message, "%s isn't running", check->service) < 0 ? NULL : message;
        conclude(check, CHECK_UNKNOWN, message, false);
        return;
    }
    r = check->type->start(check);
    if (r < 0)
        check_done_errno(check, r);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct checks *checks = userdata;

    for (size_t i = 0; i < checks->count; i++) {
        struct check *check = checks->checks[i];

        switch (check_plan_step(&check->plan, now_usec())) {
        case CHECK_START:
            begin(check);
            break;
        case CHECK_TIMED_OUT:
            check->type->cancel(check);
            check_done(check, CHECK_FAILING, "no answer within %u s",
                    (unsigned)(CHECK_LIMIT_USEC / USEC_PER_SEC));
            break;
        case CHECK_WAIT:
            break;
        }
    }
    arm_timer(checks);
    return 0;
}

void checks_start(struct checks *checks)
{
    if (checks->started)
        return;
    checks->started = true;
    (void)on_timer(checks->timer, 0, checks);
}

bool checks_are_known(const struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        if (!checks->checks[i]->plan.known)
            return false;
    return checks->started;
}

int checks_new(sd_event *event, struct memory *memory, const struct unbox_config *config,
        const struct checks_ops *ops, void *userdata, struct checks **ret)
{
    _cleanup_(checks_free_p) struct checks *checks = calloc(1, sizeof(*checks));
    int r;

    if (!checks)
        return -ENOMEM;
    checks->event = sd_event_ref(event);
    checks->memory = memory;
    checks->ops = ops;
    checks->userdata = userdata;
    r = sd_event_add_time(event, &checks->timer, CLOCK_BOOTTIME, UINT64_MAX, TIMER_ACCURACY_USEC,
            on_timer, checks);
    if (r < 0)
        return r;
    r = checks_configure(checks, config);
    if (r < 0)
        return r;
    *ret = STEAL(checks);
    return 0;
}

struct checks *checks_free(struct checks *checks)
{
    if (!checks)
        return NULL;
    checks_clear(checks);
    sd_event_source_disable_unref(checks->timer);
    sd_event_unref(checks->event);
    free(checks);
    return NULL;
}

int checks_configure(struct checks *checks, const struct unbox_config *config)
{
    int r = checks_fill(checks, config);

    if (r < 0)
        return r;
    arm_timer(checks);
    return 0;
}
