/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Somebody owns a name on the system bus. */

#include <string.h>

#include "check-bus.h"

static int dbus_open(struct check *check, const struct unbox_config_row *row)
{
    struct check_query *query = check->data = calloc(1, sizeof(*query));

    if (!query)
        return -ENOMEM;
    query->check = check;
    check->target = strdup(unbox_config_row_string(row, "name"));
    return check->target ? 0 : -ENOMEM;
}

static void on_owner(struct check_query *query, sd_bus_message *reply, const sd_bus_error *error)
{
    if (!error)
        check_done(query->check, CHECK_OK, "is on the bus");
    else if (sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
        check_done(query->check, CHECK_FAILING, "nobody on the bus has this name");
    else
        check_query_failed(query, "the bus", error);
}

static int dbus_start(struct check *check)
{
    check_query_call(check->data, "org.freedesktop.DBus", "/org/freedesktop/DBus",
            "org.freedesktop.DBus", "GetNameOwner", check->target, on_owner);
    return 0;
}

static void dbus_cancel(struct check *check)
{
    check_query_cancel(check->data);
}

const struct check_type check_dbus = {
        .name = "dbus",
        .open = dbus_open,
        .start = dbus_start,
        .cancel = dbus_cancel,
};
