/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * How a call of the `daemon` part goes: its steps, its end, and systemd's errors in ours. Each call
 * has a connection of its own: nothing has to be found again when the bus was restarted, and a
 * program that asks once an hour holds none in between.
 */

#include "daemon-call.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon-facts.h"

void daemon_copy_text(char *to, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
}

int daemon_call_refuse(
        struct unbox_daemon_call *call, int error, const char *code, const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;
    int r;

    if (*call->why.text)
        return error;
    va_start(args, format);
    r = vasprintf(&text, format, args);
    va_end(args);
    daemon_copy_text(call->why.code, sizeof(call->why.code), code);
    daemon_copy_text(
            call->why.text, sizeof(call->why.text), r < 0 ? strerrordesc_np(-error) : text);
    return error;
}

int daemon_call_refuse_bus(struct unbox_daemon_call *call, const sd_bus_error *error)
{
    static const struct {
        const char *name;
        int error;
    } table[] = {
            {SYSTEMD1 ".NoSuchUnit", -ENOENT},
            {SYSTEMD1 ".UnitExists", -EEXIST},
            {SYSTEMD1 ".UnitFileExists", -EEXIST},
            {SYSTEMD1 ".UnitMasked", -EPERM},
            {SYSTEMD1 ".BadUnitSetting", -ENOEXEC},
            {SYSTEMD1 ".JobTypeNotApplicable", -EOPNOTSUPP},
            {SYSTEMD1 ".TransactionIsDestructive", -EBUSY},
            {SYSTEMD1 ".ShuttingDown", -EBUSY},
            {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", -EACCES},
            {"org.freedesktop.DBus.Error.ServiceUnknown", -EHOSTDOWN},
            {"org.freedesktop.DBus.Error.NameHasNoOwner", -EHOSTDOWN},
            {"org.freedesktop.DBus.Error.NoReply", -ECONNRESET},
            {"org.freedesktop.DBus.Error.Disconnected", -ECONNRESET},
    };
    int number = -sd_bus_error_get_errno(error);

    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (sd_bus_error_has_name(error, table[i].name))
            number = table[i].error;
    return daemon_call_refuse(
            call, number ?: -EIO, error->name, "%s", error->message ?: error->name);
}

/* Told by the timer: whoever hears of it may free the call, and nothing of it is in use then. */
static void finish(struct unbox_daemon_call *call, int error)
{
    call->over = true;
    call->error = error;
    if (error < 0)
        (void)daemon_call_refuse(call, error, "", "%s", strerrordesc_np(-error) ?: "it failed");
    (void)sd_event_source_set_time_relative(call->end, 0);
}

static void take_steps(struct unbox_daemon_call *call, int r)
{
    while (r != 0 && !call->over) {
        if (r < 0 && call->error == 0) {
            call->error = r;
            if (!call->undo) {
                finish(call, r);
                return;
            }
            (void)daemon_call_refuse(call, r, "", "%s", strerrordesc_np(-r) ?: "it failed");
            call->next = call->undo;
        }
        if (!*call->next) {
            finish(call, call->error);
            return;
        }
        r = (*call->next++)(call);
    }
}

void daemon_call_begin(struct unbox_daemon_call *call, const daemon_step_fn *steps, int r)
{
    call->next = steps;
    take_steps(call, r);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct unbox_daemon_call *call = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);

    if (!call->over)
        take_steps(call, call->reply(call, error ? NULL : m, error));
    return 0;
}

int daemon_call_ask(struct unbox_daemon_call *call, sd_bus_message *m, daemon_reply_fn reply)
{
    call->reply = reply;
    /* The call's own limit is the only one: a reload of many units takes its time. */
    return sd_bus_call_async(call->bus, NULL, m, on_reply, call, UINT64_MAX) < 0 ? -ECONNRESET : 0;
}

int daemon_call_message(struct unbox_daemon_call *call, const char *member, sd_bus_message **ret)
{
    return sd_bus_message_new_method_call(
            call->bus, ret, SYSTEMD1, SYSTEMD1_PATH, SYSTEMD1_MANAGER, member);
}

int daemon_reply_fine(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    return error ? daemon_call_refuse_bus(call, error) : 1;
}

int daemon_reply_any(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    return 1;
}

/* How the unit itself ended, whose job has failed: more than "failed" is known of it. */
static int on_failed(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    struct daemon_facts facts = {};
    const char *result = facts.status.result;

    if (!error && daemon_facts_read(call, reply, NULL, &facts) >= 0 && *result &&
            strcmp(result, "success") != 0)
        return daemon_call_refuse(call, strcmp(result, "timeout") == 0 ? -ETIMEDOUT : -EIO, result,
                "%s has failed (%s, exit status %d); its journal says why", call->unit, result,
                facts.status.exit_status);
    return daemon_call_refuse(
            call, -EIO, "failed", "the job of %s has failed; its journal says why", call->unit);
}

/* How the job ended that was waited for. */
static int judge(struct unbox_daemon_call *call, const char *result)
{
    static const struct {
        const char *result;
        int error;
        const char *text;
    } table[] = {
            {"timeout", -ETIMEDOUT, "its job was not done in the time that it has"},
            {"canceled", -ECANCELED, "another job has taken the place of this one"},
            {"dependency", -EIO, "a unit that it requires could not be started"},
            {"invalid", -EIO, "a unit in this state can't do that"},
            {"assert", -EIO, "one of its assertions does not hold"},
            {"unsupported", -EOPNOTSUPP, "this kind of unit isn't supported here"},
    };

    if (strcmp(result, "done") == 0 || strcmp(result, "skipped") == 0)
        return 1;
    if (strcmp(result, "failed") == 0)
        return daemon_facts_ask(call, on_failed);
    for (size_t i = 0; i < ELEMENTSOF(table); i++)
        if (strcmp(table[i].result, result) == 0)
            return daemon_call_refuse(
                    call, table[i].error, result, "%s: %s", call->unit, table[i].text);
    return daemon_call_refuse(call, -EIO, result, "%s: its job ended with %s", call->unit, result);
}

static int job_ended(struct unbox_daemon_call *call, const char *result)
{
    free(STEAL(call->job));
    return judge(call, result);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct unbox_daemon_call *call = userdata;
    const char *job, *unit, *result;
    uint32_t id;

    if (call->over || sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0)
        return 0;
    if (call->job && strcmp(call->job, job) == 0) {
        take_steps(call, job_ended(call, result));
    } else if (!call->job && strcmp(call->unit, unit) == 0) {
        /* Perhaps ours, whose path is in a reply that is still to come. */
        free(call->removed);
        free(call->result);
        call->removed = strdup(job);
        call->result = strdup(result);
    }
    return 0;
}

int daemon_step_hear(struct unbox_daemon_call *call)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = sd_bus_add_match_async(call->bus, NULL,
            "type='signal',sender='" SYSTEMD1 "',path='" SYSTEMD1_PATH
            "',interface='" SYSTEMD1_MANAGER "',member='JobRemoved'",
            on_job_removed, NULL, call);
    if (r < 0)
        return r;
    r = daemon_call_message(call, "Subscribe", &m);
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, daemon_reply_fine);
}

int daemon_reply_job(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    const char *job;
    int r;

    if (error)
        return daemon_call_refuse_bus(call, error);
    r = sd_bus_message_read_basic(reply, 'o', &job);
    if (r < 0)
        return r;
    if (call->removed && call->result && strcmp(call->removed, job) == 0)
        return judge(call, call->result);
    call->job = strdup(job);
    return call->job ? 0 : -ENOMEM;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct unbox_daemon_call *call = userdata;

    if (!call->over) {
        call->undo = NULL;
        finish(call, daemon_call_refuse(call, -ECONNRESET, "",
                             "lost the system bus; what was asked for may be done or not"));
    }
    return 0;
}

static int on_end(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct unbox_daemon_call *call = userdata;
    bool floating = call->floating;
    int error = call->over ? call->error : -ETIMEDOUT;

    call->over = true;
    if (error < 0)
        (void)daemon_call_refuse(call, error, "", "%s: systemd was not done in time", call->unit);
    call->done(error, &call->why, error < 0 ? NULL : call->status, call->userdata);
    if (floating)
        unbox_daemon_call_free(call);
    return 0;
}

static int connect_bus(struct unbox_daemon_call *call)
{
    int r;

    r = sd_bus_open_system(&call->bus);
    if (r < 0)
        return daemon_call_refuse(call, r == -ENOENT || r == -ECONNREFUSED ? -EHOSTDOWN : r, "",
                "can't connect to the system bus: %s", strerrordesc_np(-r));
    r = sd_bus_attach_event(call->bus, call->event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        return r;
    return sd_bus_add_match_async(call->bus, NULL,
            "type='signal',sender='org.freedesktop.DBus.Local',"
            "path='/org/freedesktop/DBus/Local',interface='org.freedesktop.DBus.Local',"
            "member='Disconnected'",
            on_disconnected, NULL, call);
}

int daemon_call_new(sd_event *event, const char *unit, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret)
{
    _cleanup_(unbox_daemon_call_free_p) struct unbox_daemon_call *call = calloc(1, sizeof(*call));
    int r;

    if (!call)
        return -ENOMEM;
    call->event = sd_event_ref(event);
    call->done = done;
    call->userdata = userdata;
    call->unit = strdup(unit);
    if (!call->unit)
        return -ENOMEM;
    r = sd_event_add_time_relative(
            event, &call->end, CLOCK_BOOTTIME, timeout_usec, 1, on_end, call);
    if (r < 0)
        return r;
    r = connect_bus(call);
    if (r < 0)
        finish(call, r);
    *ret = STEAL(call);
    return 0;
}

struct unbox_daemon_call *unbox_daemon_call_free(struct unbox_daemon_call *call)
{
    if (!call)
        return NULL;
    sd_event_source_disable_unref(call->end);
    sd_bus_message_unref(call->prepared);
    sd_bus_close_unref(call->bus);
    sd_event_unref(call->event);
    free(call->status);
    free(call->unit);
    free(call->job);
    free(call->removed);
    free(call->result);
    free(call->path);
    free(call->old_text);
    free(call->text);
    free(call);
    return NULL;
}
