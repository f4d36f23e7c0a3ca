/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Questions on healthd's one connection to the system bus. It may be gone, now or in the middle. */

#include "check-bus.h"

#include <string.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"

void check_query_cancel(struct check_query *query)
{
    query->slot = sd_bus_slot_unref(query->slot);
}

void check_query_failed(struct check_query *query, const char *peer, const sd_bus_error *error)
{
    if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        check_done(query->check, CHECK_FAILING, "%s doesn't run", peer);
    else
        check_done(query->check, CHECK_FAILING, "%s: %s", peer, error->message ?: error->name);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    struct check_query *query = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(m);

    check_query_cancel(query);
    if (!error && query->type && sd_bus_message_enter_container(m, 'v', query->type) < 0)
        check_done(query->check, CHECK_UNKNOWN, "%s answers something else than was asked",
                sd_bus_message_get_sender(m) ?: "the peer");
    else
        query->fn(query, error ? NULL : m, error);
    return 0;
}

/* `second` may be NULL. */
static int call(struct check_query *query, const char *destination, const char *path,
        const char *interface, const char *method, const char *first, const char *second)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    sd_bus *bus = check_bus(query->check);
    int r;

    if (!bus)
        return -ENOTCONN;
    r = sd_bus_message_new_method_call(bus, &m, destination, path, interface, method);
    if (r < 0)
        return r;
    /* A check looks, and changes nothing. */
    r = sd_bus_message_set_auto_start(m, 0);
    if (r < 0)
        return r;
    r = sd_bus_message_append(m, second ? "ss" : "s", first, second);
    if (r < 0)
        return r;
    return sd_bus_call_async(bus, &query->slot, m, on_reply, query, 2 * CHECK_LIMIT_USEC);
}

static void begin(struct check_query *query, int error)
{
    if (error == -ENOTCONN)
        check_done(query->check, CHECK_FAILING, "the system bus can't be reached");
    else if (error < 0)
        check_done_errno(query->check, error);
}

void check_query_call(struct check_query *query, const char *destination, const char *path,
        const char *interface, const char *method, const char *argument, check_reply_fn fn)
{
    query->type = NULL;
    query->fn = fn;
    begin(query, call(query, destination, path, interface, method, argument, NULL));
}

void check_query_property(struct check_query *query, const char *destination, const char *path,
        const char *interface, const char *property, const char *type, check_reply_fn fn)
{
    query->type = type;
    query->fn = fn;
    begin(query, call(query, destination, path, PROPERTIES, "Get", interface, property));
}
