/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd1 on the system bus. The bus may go and come back, and so may systemd on it: either way
 * the users of this file are told that what they know is stale, and nothing else is theirs to do.
 */

#include "systemd1-private.h"

#include "unbox/log.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"

#define RETRY_MIN_USEC (100 * USEC_PER_MSEC)
#define RETRY_MAX_USEC (5 * USEC_PER_SEC)

void systemd1_ask_again(struct systemd1 *systemd)
{
    int r;

    r = sd_event_source_set_time_relative(systemd->retry, systemd->retry_usec);
    if (r >= 0)
        r = sd_event_source_set_enabled(systemd->retry, SD_EVENT_ONESHOT);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm the timer that asks systemd again");
    systemd->retry_usec *= 2;
    if (systemd->retry_usec > RETRY_MAX_USEC)
        systemd->retry_usec = RETRY_MAX_USEC;
}

void systemd1_settled(struct systemd1 *systemd)
{
    systemd->retry_usec = RETRY_MIN_USEC;
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
    systemd->connected = false;
    lose(systemd);
    systemd->ops->disconnected(systemd->userdata);
    systemd1_fail_waiting(systemd);
    systemd1_ask_again(systemd);
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
        systemd1_ask_again(systemd);
        return 0;
    }
    become_stale(systemd, true);
    return 0;
}

static int subscribe(struct systemd1 *systemd)
{
    return sd_bus_call_method_async(systemd->bus, NULL, SYSTEMD1, SYSTEMD1_PATH, SYSTEMD1_MANAGER,
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
            {"type='signal',sender='" SYSTEMD1 "',path_namespace='" SYSTEMD1_PATH
             "/unit',interface='" PROPERTIES "',member='PropertiesChanged'",
                    on_changed},
            {"type='signal',sender='" SYSTEMD1 "',path='" SYSTEMD1_PATH
             "',interface='" SYSTEMD1_MANAGER "',member='UnitNew'",
                    on_unit_new},
            {"type='signal',sender='" SYSTEMD1 "',path='" SYSTEMD1_PATH
             "',interface='" SYSTEMD1_MANAGER "',member='JobRemoved'",
                    on_job_removed},
            {"type='signal',sender='" SYSTEMD1 "',path='" SYSTEMD1_PATH
             "',interface='" SYSTEMD1_MANAGER "',member='Reloading'",
                    on_reloading},
            {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
             "member='NameOwnerChanged',arg0='" SYSTEMD1 "'",
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
    _cleanup_(sd_bus_close_unref_p) sd_bus *bus = NULL;
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
    r = subscribe(systemd);
    if (r < 0)
        return r;
    systemd->connected = true;
    systemd->ops->connected(systemd->bus, systemd->userdata);
    return 0;
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct systemd1 *systemd = userdata;
    int r;

    /* Calls are on their way on a connection, until its end has been told: it is kept until then.
     */
    if (!systemd->connected)
        r = connect_bus(systemd);
    else
        r = sd_bus_is_open(systemd->bus) > 0 ? subscribe(systemd) : -ENOTCONN;
    if (r < 0)
        systemd1_ask_again(systemd);
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

sd_bus *systemd1_bus(const struct systemd1 *systemd)
{
    return systemd->bus && sd_bus_is_open(systemd->bus) > 0 ? systemd->bus : NULL;
}

struct systemd1 *systemd1_free(struct systemd1 *systemd)
{
    if (!systemd)
        return NULL;
    sd_event_source_disable_unref(systemd->retry);
    systemd1_drop_waiting(systemd);
    sd_bus_close_unref(systemd->bus);
    sd_event_unref(systemd->event);
    free(systemd);
    return NULL;
}
