/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd1 on the system bus. The bus may go and come back, and so may systemd on it: either way
 * the users of this file are told that what they know is stale, and nothing else is theirs to do.
 */

#include "systemd1.h"

#include <stdio.h>
#include <string.h>

#include "unbox/log.h"

#define DESTINATION "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER "org.freedesktop.systemd1.Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (5 * USEC_PER_SEC)

struct systemd1 {
    sd_event *event;
    sd_bus *bus;
    sd_event_source *retry;
    uint64_t retry_usec;
    const struct systemd1_ops *ops;
    void *userdata;
    bool known; /* stale() was called, and lost() wasn't since */
};

/* A call on its way; it belongs to the slot, and goes with it. */
struct call {
    struct systemd1 *systemd;
    systemd1_reply_fn reply;
    void *userdata;
    char *unit; /* to be restarted once its failed state is reset */
};

static void call_free(void *p)
{
    struct call *call = p;

    free(call->unit);
    free(call);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct call *call = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);
    char text[256];

    if (error)
        snprintf(text, sizeof(text), "%s", error->message ?: error->name);
    call->reply(error ? NULL : m, error ? text : NULL, call->userdata);
    return 0;
}

static int new_message(
        struct systemd1 *systemd, const char *member, const char *unit, sd_bus_message **ret)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!systemd->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(
            systemd->bus, &m, DESTINATION, MANAGER_PATH, MANAGER, member);
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

/* Takes over `unit`, on failure too. */
static int send_message(struct systemd1 *systemd, sd_bus_message *m, char *unit,
        sd_bus_message_handler_t handler, systemd1_reply_fn reply, void *userdata)
{
    sd_bus_slot *slot = NULL;
    struct call *call = calloc(1, sizeof(*call));
    int r;

    if (!call) {
        free(unit);
        return -ENOMEM;
    }
    *call = (struct call){systemd, reply, userdata, unit};

    r = sd_bus_call_async(systemd->bus, &slot, m, handler, call, 0);
    if (r < 0) {
        call_free(call);
        return r;
    }
    /* From here the slot is the bus', and the call the slot's. */
    sd_bus_slot_set_destroy_callback(slot, call_free);
    sd_bus_slot_set_floating(slot, true);
    sd_bus_slot_unref(slot);
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
    return send_message(systemd, m, NULL, on_reply, reply, userdata);
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
    return send_message(systemd, m, NULL, on_reply, reply, userdata);
}

int systemd1_ref_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, "RefUnit", unit, &m);
    if (r < 0)
        return r;
    return send_message(systemd, m, NULL, on_reply, reply, userdata);
}

int systemd1_get_properties(
        struct systemd1 *systemd, const char *path, systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!systemd->bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(systemd->bus, &m, DESTINATION, path, PROPERTIES, "GetAll");
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", ""); /* of all interfaces, as `systemctl show` does */
    if (r < 0)
        return r;
    return send_message(systemd, m, NULL, on_reply, reply, userdata);
}

/*
 * Mode "fail": healthd never takes away a job that somebody else has queued; with "replace" it
 * could even call off a shutdown.
 */
static int queue_job(struct systemd1 *systemd, const char *member, const char *unit,
        systemd1_reply_fn reply, void *userdata)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = new_message(systemd, member, unit, &m);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, "s", "fail");
    if (r < 0)
        return r;
    return send_message(systemd, m, NULL, on_reply, reply, userdata);
}

int systemd1_start_unit(
        struct systemd1 *systemd, const char *unit, systemd1_reply_fn reply, void *userdata)
{
    return queue_job(systemd, "StartUnit", unit, reply, userdata);
}

/* A unit that isn't loaded can't be reset, and needn't: so the answer doesn't matter. */
static int on_reset(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct call *call = userdata;
    int r;

    r = queue_job(call->systemd, "RestartUnit", call->unit, call->reply, call->userdata);
    if (r < 0)
        call->reply(NULL, strerrordesc_np(-r), call->userdata);
    return 0;
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
    return send_message(systemd, m, copy, on_reset, reply, userdata);
}

static void retry_later(struct systemd1 *systemd)
{
    int r;

    r = sd_event_source_set_time_relative(systemd->retry, systemd->retry_usec);
    if (r >= 0)
        r = sd_event_source_set_enabled(systemd->retry, SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer that reconnects to the system bus");
    systemd->retry_usec *= 2;
    if (systemd->retry_usec > RETRY_MAX_USEC)
        systemd->retry_usec = RETRY_MAX_USEC;
}

static void lose(struct systemd1 *systemd)
{
    if (!systemd->known)
        return;
    systemd->known = false;
    systemd->ops->lost(systemd->userdata);
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;

    if (systemd->known)
        unbox_log(LOG_WARNING, "lost the system bus, connecting again");
    lose(systemd);
    retry_later(systemd);
    return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    const char *interface;

    if (sd_bus_message_read_basic(m, 's', &interface) >= 0)
        systemd->ops->changed(sd_bus_message_get_path(m), interface, m, systemd->userdata);
    return 0;
}

static int on_unit_new(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    const char *unit;

    if (sd_bus_message_read_basic(m, 's', &unit) >= 0)
        systemd->ops->appeared(unit, systemd->userdata);
    return 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    const char *job, *unit, *result;
    uint32_t id;

    if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) >= 0)
        systemd->ops->job_removed(id, job, unit, result, systemd->userdata);
    return 0;
}

static void become_stale(struct systemd1 *systemd, bool fresh)
{
    systemd->known = true;
    systemd->ops->stale(fresh, systemd->userdata);
}

static int on_reloading(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    int active;

    /* Before Subscribe is answered, what is asked later is fresh anyway. */
    if (sd_bus_message_read_basic(m, 'b', &active) >= 0 && !active && systemd->known)
        become_stale(systemd, false);
    return 0;
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);

    /* AlreadySubscribed: systemd remembers us from before it was executed anew. */
    if (error && !sd_bus_error_has_name(error, "org.freedesktop.systemd1.AlreadySubscribed")) {
        unbox_log(LOG_WARNING, "systemd takes no subscription: %s", error->message ?: error->name);
        retry_later(systemd);
        return 0;
    }
    systemd->retry_usec = RETRY_MIN_USEC;
    become_stale(systemd, true);
    return 0;
}

static int subscribe(struct systemd1 *systemd)
{
    return sd_bus_call_method_async(systemd->bus, NULL, DESTINATION, MANAGER_PATH, MANAGER,
            "Subscribe", on_subscribed, systemd, NULL);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct systemd1 *systemd = userdata;
    const char *name, *old_owner, *new_owner;
    int r;

    if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0)
        return 0;
    if (!*new_owner) {
        lose(systemd);
        return 0;
    }
    r = subscribe(systemd);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't subscribe to systemd");
    return 0;
}

static int add_matches(struct systemd1 *systemd)
{
    static const struct {
        const char *rule;
        sd_bus_message_handler_t handler;
    } matches[] = {
            {"type='signal',sender='" DESTINATION "',path_namespace='" MANAGER_PATH
             "/unit',interface='" PROPERTIES "',member='PropertiesChanged'",
                    on_changed},
            {"type='signal',sender='" DESTINATION "',path='" MANAGER_PATH "',interface='" MANAGER
             "',member='UnitNew'",
                    on_unit_new},
            {"type='signal',sender='" DESTINATION "',path='" MANAGER_PATH "',interface='" MANAGER
             "',member='JobRemoved'",
                    on_job_removed},
            {"type='signal',sender='" DESTINATION "',path='" MANAGER_PATH "',interface='" MANAGER
             "',member='Reloading'",
                    on_reloading},
            {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
             "member='NameOwnerChanged',arg0='" DESTINATION "'",
                    on_owner_changed},
            {"type='signal',sender='org.freedesktop.DBus.Local',"
             "path='/org/freedesktop/DBus/Local',interface='org.freedesktop.DBus.Local',"
             "member='Disconnected'",
                    on_disconnected},
    };

    for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
        int r = sd_bus_add_match_async(
                systemd->bus, NULL, matches[i].rule, matches[i].handler, NULL, systemd);

        if (r < 0)
            return r;
    }
    return 0;
}

static int connect_bus(struct systemd1 *systemd)
{
    _cleanup_(sd_bus_flush_close_unref_p) sd_bus *bus = NULL;
    int r;

    systemd->bus = sd_bus_close_unref(systemd->bus);
    r = sd_bus_open_system(&bus);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(bus, systemd->event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        return r;
    systemd->bus = STEAL(bus);
    /* The matches go first: what happens after Subscribe is told to us. */
    r = add_matches(systemd);
    if (r < 0)
        return r;
    return subscribe(systemd);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct systemd1 *systemd = userdata;

    if (connect_bus(systemd) < 0)
        retry_later(systemd);
    return 0;
}

int systemd1_new(
        sd_event *event, const struct systemd1_ops *ops, void *userdata, struct systemd1 **ret)
{
    _cleanup_(systemd1_free_p) struct systemd1 *systemd = calloc(1, sizeof(*systemd));
    int r;

    if (!systemd)
        return -ENOMEM;
    systemd->event = sd_event_ref(event);
    systemd->ops = ops;
    systemd->userdata = userdata;
    systemd->retry_usec = RETRY_MIN_USEC;
    r = sd_event_add_time_relative(event, &systemd->retry, CLOCK_BOOTTIME, 0, 0, on_retry, systemd);
    if (r < 0)
        return r;
    *ret = STEAL(systemd);
    return 0;
}

struct systemd1 *systemd1_free(struct systemd1 *systemd)
{
    if (!systemd)
        return NULL;
    sd_event_source_disable_unref(systemd->retry);
    sd_bus_close_unref(systemd->bus);
    sd_event_unref(systemd->event);
    free(systemd);
    return NULL;
}
