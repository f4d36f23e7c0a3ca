/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What an application asks of systemd, each as a list of steps; daemon-call.c takes them. The
 * blocking calls run the same steps in a loop of their own.
 */

#include <stdio.h>
#include <string.h>

#include "daemon-call.h"
#include "daemon-facts.h"
#include "daemon-file.h"
#include "daemon-settings.h"

/*
 * Mode "replace", as systemctl has it: a stop calls off a start that hangs. It can't call off a
 * shutdown, whose jobs are irreversible.
 */
static int ask_job(struct unbox_daemon_call *call, const char *member, daemon_reply_fn reply)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = daemon_call_message(call, member, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "ss", call->unit, "replace");
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, reply);
}

static int start(struct unbox_daemon_call *call)
{
    return ask_job(call, "StartUnit", daemon_reply_job);
}

static int stop(struct unbox_daemon_call *call)
{
    return ask_job(call, "StopUnit", daemon_reply_job);
}

static int restart(struct unbox_daemon_call *call)
{
    return ask_job(call, "RestartUnit", daemon_reply_job);
}

static int reload(struct unbox_daemon_call *call)
{
    return ask_job(call, "ReloadUnit", daemon_reply_job);
}

/* So that start limits count systemd's restarts and not the application's. What isn't loaded can't
 * be reset, and needn't: the answer doesn't matter. */
static int reset_failed(struct unbox_daemon_call *call)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = daemon_call_message(call, "ResetFailedUnit", &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", call->unit);
    if (r < 0)
        return r;
    return daemon_call_ask(call, m, daemon_reply_any);
}

static int ask_transient(struct unbox_daemon_call *call)
{
    return daemon_call_ask(call, call->prepared, daemon_reply_job);
}

static int ask_limits(struct unbox_daemon_call *call)
{
    return daemon_call_ask(call, call->prepared, daemon_reply_fine);
}

static int keep_status(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    struct daemon_facts facts;
    int r;

    r = daemon_facts_read(call, reply, error, &facts);
    if (r < 0)
        return r;
    /* systemd answers for whatever name it is asked. */
    if (!daemon_facts_is_unit(&facts))
        return daemon_call_refuse(call, -ENOENT, "not-found", "there is no unit %s", call->unit);
    call->status = malloc(sizeof(*call->status));
    if (!call->status)
        return -ENOMEM;
    *call->status = facts.status;
    return 1;
}

static int ask_status(struct unbox_daemon_call *call)
{
    return daemon_facts_ask(call, keep_status);
}

/* What isn't loaded, because its file was never read, runs even less. */
static int on_stop(struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error)
{
    if (sd_bus_error_has_name(error, SYSTEMD1 ".NoSuchUnit"))
        return 1;
    return daemon_reply_job(call, reply, error);
}

static int stop_for_good(struct unbox_daemon_call *call)
{
    return ask_job(call, "StopUnit", on_stop);
}

/* The caller's, or nobody's: then it frees itself. */
static int give(struct unbox_daemon_call *call, struct unbox_daemon_call **ret)
{
    if (ret)
        *ret = call;
    else
        call->floating = true;
    return 0;
}

/* 1 in *ret_prepared, or why there can't be such a unit: that, too, is told by `done`. */
static int new_call(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret,
        int *ret_prepared)
{
    _cleanup_free_ char *unit = NULL;
    int prepared, r;

    prepared = daemon_unit_name(name, &unit);
    if (prepared == -ENOMEM)
        return prepared;
    r = daemon_call_new(event, unit ?: name, timeout_usec, done, userdata, ret);
    if (r < 0)
        return r;
    *ret_prepared = prepared < 0 ? daemon_call_refuse(*ret, prepared, "name",
                                           "no unit can have the name \"%s\"", name)
                                 : 1;
    return 0;
}

static int begin(sd_event *event, const char *name, const daemon_step_fn *steps,
        uint64_t timeout_usec, unbox_daemon_done_fn done, void *userdata,
        struct unbox_daemon_call **ret)
{
    struct unbox_daemon_call *call;
    int prepared, r;

    r = new_call(event, name, timeout_usec, done, userdata, &call, &prepared);
    if (r < 0)
        return r;
    daemon_call_begin(call, steps, prepared);
    return give(call, ret);
}

int unbox_daemon_start_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {daemon_step_hear, reset_failed, start, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

int unbox_daemon_stop_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {daemon_step_hear, stop, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

int unbox_daemon_restart_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {daemon_step_hear, reset_failed, restart, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

int unbox_daemon_reload_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {daemon_step_hear, reload, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

int unbox_daemon_get_status_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {ask_status, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

int unbox_daemon_remove_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {daemon_file_place, daemon_file_look_for_ours,
            daemon_step_hear, stop_for_good, reset_failed, daemon_file_disable, daemon_file_remove,
            daemon_file_reload, NULL};

    return begin(event, name, steps, timeout_usec, done, userdata, ret_call);
}

static int make_transient(
        struct unbox_daemon_call *call, const struct unbox_daemon_settings *settings)
{
    int r;

    /* Without a bus it is over already, and that is told. */
    if (!call->bus)
        return 1;
    r = daemon_call_message(call, "StartTransientUnit", &call->prepared);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call->prepared, "ss", call->unit, "fail");
    if (r < 0)
        return r;
    r = daemon_settings_to_message(settings, call->prepared);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call->prepared, "a(sa(sv))", 0); /* no other units with it */
    return r < 0 ? r : 1;
}

static int prepare(struct unbox_daemon_call *call, const struct unbox_daemon_settings *settings)
{
    const char *setting;
    int r;

    if (!daemon_can_be_made(call->unit))
        return daemon_call_refuse(
                call, -EINVAL, "name", "%s is not the name of a service", call->unit);
    r = daemon_settings_check(settings, &setting);
    if (r < 0)
        return daemon_call_refuse(
                call, r, setting, "%s: no unit can hold this %s=", call->unit, setting);
    if (!settings->persistent)
        return make_transient(call, settings);
    r = daemon_settings_to_file(settings, &call->text, &call->size);
    return r < 0 ? r : 1;
}

int unbox_daemon_create_async(sd_event *event, const char *name,
        const struct unbox_daemon_settings *settings, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn transient[] = {daemon_step_hear, ask_transient, NULL};
    static const daemon_step_fn persistent[] = {daemon_file_place, daemon_file_look,
            daemon_file_write, daemon_file_enable, daemon_file_reload, daemon_file_verify, NULL};
    struct unbox_daemon_call *call;
    int prepared, r;

    r = new_call(event, name, timeout_usec, done, userdata, &call, &prepared);
    if (r < 0)
        return r;
    if (prepared > 0)
        prepared = prepare(call, settings);
    daemon_call_begin(call, settings->persistent ? persistent : transient, prepared);
    return give(call, ret_call);
}

/* For this boot only: a file of ours says what is so at the next one. */
static int make_limits(struct unbox_daemon_call *call, const struct unbox_daemon_limits *limits)
{
    const char *setting;
    int r;

    r = daemon_limits_check(limits, &setting);
    if (r < 0)
        return daemon_call_refuse(
                call, r, setting, "%s: no unit can have this %s=", call->unit, setting);
    if (!call->bus)
        return 1;
    r = daemon_call_message(call, "SetUnitProperties", &call->prepared);
    if (r < 0)
        return r;
    r = sd_bus_message_append(call->prepared, "sb", call->unit, true);
    if (r < 0)
        return r;
    r = daemon_limits_to_message(limits, call->prepared);
    return r < 0 ? r : 1;
}

int unbox_daemon_set_limits_async(sd_event *event, const char *name,
        const struct unbox_daemon_limits *limits, uint64_t timeout_usec, unbox_daemon_done_fn done,
        void *userdata, struct unbox_daemon_call **ret_call)
{
    static const daemon_step_fn steps[] = {ask_limits, NULL};
    struct unbox_daemon_call *call;
    int prepared, r;

    r = new_call(event, name, timeout_usec, done, userdata, &call, &prepared);
    if (r < 0)
        return r;
    if (prepared > 0)
        prepared = make_limits(call, limits);
    daemon_call_begin(call, steps, prepared);
    return give(call, ret_call);
}
