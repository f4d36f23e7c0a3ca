/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The calls of systemd, all asynchronous. A bus lets nobody wait for more than so many answers (128
 * is dbus-daemon's default): beyond a few the calls queue here, in their order.
 */

#include <stdio.h>
#include <string.h>

#include "systemd1-private.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ON_THEIR_WAY_MAX 32

/*
 * The mode of a job: healthd never takes away one that somebody else has queued; with "replace" it
 * could even call off a shutdown.
 */
#define NO_HARM "fail"

typedef void (*replied_fn)(struct call *call, sd_bus_message *m, const char *error);

struct call {
    struct call *next;
    struct systemd1 *systemd;
    sd_bus_message *message;
    replied_fn replied;
    systemd1_reply_fn reply; /* of whoever asked */
    void *userdata;
    char *unit; /* to be restarted once its failed state is reset */
};

static void call_free(void *p)
{
    struct call *call = p;

    sd_bus_message_unref(call->message);
    free(call->unit);
    free(call);
}

static int new_message(
        struct systemd1 *systemd, const char *member, const char *unit, sd_bus_message **ret)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!systemd->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(
            systemd->bus, &m, SYSTEMD1, SYSTEMD1_PATH, SYSTEMD1_MANAGER, member);
    if (r < 0)
        return r;
    if (unit) {
        r = sd_bus_message_append(m, "s", unit);
        if (r < 0)
            return r;
    }
    *ret = STEAL(m);
    return 0;
}

static void send_waiting(struct systemd1 *systemd);

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct call *call = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);
    char text[256];

    call->systemd->on_their_way--;
    if (error)
        snprintf(text, sizeof(text), "%s", error->message ?: error->name);
    call->replied(call, error ? NULL : m, error ? text : NULL);
    send_waiting(call->systemd);
    return 0;
}

static void pass_on(struct call *call, sd_bus_message *m, const char *error)
{
    call->reply(m, error, call->userdata);
}

/* On success the call belongs to the bus' slot, and goes with it. */
static int send_call(struct call *call)
{
    sd_bus_slot *slot = NULL;
    int r;

    if (!call->systemd->bus)
        return -ENOTCONN;
    r = sd_bus_call_async(call->systemd->bus, &slot, call->message, on_reply, call, 0);
    if (r < 0)
        return r;
    sd_bus_slot_set_destroy_callback(slot, call_free);
    sd_bus_slot_set_floating(slot, true);
    sd_bus_slot_unref(slot);
    /* It refers to the bus, which refers to the slot: each would keep the other. */
    call->message = sd_bus_message_unref(call->message);
    call->systemd->on_their_way++;
    return 0;
}

static struct call *take_first(struct systemd1 *systemd)
{
    struct call *call = systemd->waiting;

    systemd->waiting = call->next;
    return call;
}

static void fail(struct call *call, int error)
{
    call->replied(call, NULL, strerrordesc_np(-error));
    call_free(call);
}

static void send_waiting(struct systemd1 *systemd)
{
    while (systemd->waiting && systemd->on_their_way < ON_THEIR_WAY_MAX) {
        struct call *call = take_first(systemd);
        int r = send_call(call);

        if (r < 0)
            fail(call, r);
    }
}

void systemd1_fail_waiting(struct systemd1 *systemd)
{
    while (systemd->waiting)
        fail(take_first(systemd), -ENOTCONN);
}

void systemd1_drop_waiting(struct systemd1 *systemd)
{
    while (systemd->waiting)
        call_free(take_first(systemd));
}

/* Takes over `unit`, on failure too. */
static int queue(struct systemd1 *systemd, sd_bus_message *m, char *unit, replied_fn replied,
        systemd1_reply_fn reply, void *userdata)
{
    struct call *call = calloc(1, sizeof(*call)), **last;
    int r = 0;

    if (!call) {
        free(unit);
        return -ENOMEM;
    }
    *call = (struct call){NULL, systemd, sd_bus_message_ref(m), replied, reply, userdata, unit};
    if (!systemd->waiting && systemd->on_their_way < ON_THEIR_WAY_MAX) {
        r = send_call(call);
        if (r < 0)
            call_free(call);
        return r;
    }
    for (last = &systemd->waiting; *last; last = &(*last)->next)
        ;
    *last = call;
    return 0;
}

int systemd1_list_units(
        struct systemd1 *systemd, char **names, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, "ListUnitsByNames", NULL, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append_strv(m, names);
    if (r < 0)
        return r;
    return queue(systemd, m, NULL, pass_on, reply, userdata);
}

int systemd1_list_units_like(
        struct systemd1 *systemd, char **patterns, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, "ListUnitsByPatterns", NULL, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "as", 0); /* in whatever state */
    if (r < 0)
        return r;
    r = sd_bus_message_append_strv(m, patterns);
    if (r < 0)
        return r;
    return queue(systemd, m, NULL, pass_on, reply, userdata);
}

int systemd1_ref_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, "RefUnit", unit, &m);
    if (r < 0)
        return r;
    return queue(systemd, m, NULL, pass_on, reply, userdata);
}

/* Of a unit; `interface` may be "" for all of them. */
static int ask_properties(struct systemd1 *systemd, const char *path, const char *interface,
        const char *property, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!systemd->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(
            systemd->bus, &m, SYSTEMD1, path, PROPERTIES, property ? "Get" : "GetAll");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", interface);
    if (r >= 0 && property)
        r = sd_bus_message_append(m, "s", property);
    if (r < 0)
        return r;
    return queue(systemd, m, NULL, pass_on, reply, userdata);
}

int systemd1_get_properties(
        struct systemd1 *systemd, const char *path, systemd1_reply_fn reply, void *userdata)
{
    /* Of all interfaces, as `systemctl show` does. */
    return ask_properties(systemd, path, "", NULL, reply, userdata);
}

int systemd1_get_property(struct systemd1 *systemd, const char *path, const char *interface,
        const char *property, systemd1_reply_fn reply, void *userdata)
{
    return ask_properties(systemd, path, interface, property, reply, userdata);
}

static int queue_job(struct systemd1 *systemd, const char *member, const char *unit,
        const char *mode, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, member, unit, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", mode);
    if (r < 0)
        return r;
    return queue(systemd, m, NULL, pass_on, reply, userdata);
}

int systemd1_start_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata)
{
    return queue_job(systemd, "StartUnit", unit, NO_HARM, reply, userdata);
}

/* As logind and systemctl do it: nothing that is started meanwhile may call it off again. */
int systemd1_reboot(struct systemd1 *systemd, systemd1_reply_fn reply, void *userdata)
{
    return queue_job(
            systemd, "StartUnit", "reboot.target", "replace-irreversibly", reply, userdata);
}

/* A unit that isn't loaded can't be reset, and needn't: so the answer doesn't matter. */
static void restart_reset(struct call *call, sd_bus_message *m, const char *error)
{
    int r = queue_job(
            call->systemd, "RestartUnit", call->unit, NO_HARM, call->reply, call->userdata);

    if (r < 0)
        call->reply(NULL, strerrordesc_np(-r), call->userdata);
}

int systemd1_restart_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    char *copy;
    int r;

    /* Without it systemd's start limit would count our restarts, and soon refuse them. */
    r = new_message(systemd, "ResetFailedUnit", unit, &m);
    if (r < 0)
        return r;
    copy = strdup(unit);
    if (!copy)
        return -ENOMEM;
    return queue(systemd, m, copy, restart_reset, reply, userdata);
}
