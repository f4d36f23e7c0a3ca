/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A Bluetooth adapter is up and running: the kernel has it, no switch blocks it, and BlueZ has it
 * powered (which is what the kernel's management interface tells BlueZ).
 */

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "check-bus.h"

#define ADAPTERS "/sys/class/bluetooth"

static int bluetooth_open(struct check *check, const struct unbox_config_row *row)
{
    struct check_query *query = check->data = calloc(1, sizeof(*query));

    if (!query)
        return -ENOMEM;
    query->check = check;
    check->target = strdup(unbox_config_row_string(row, "adapter"));
    return check->target ? 0 : -ENOMEM;
}

/* The adapter's own rfkill switch: `name` is soft or hard (the kernel's sysfs-class-rfkill). */
static bool is_blocked(const char *adapter, const char *name)
{
    char pattern[128];
    glob_t found = {};
    bool blocked = false;

    snprintf(pattern, sizeof(pattern), ADAPTERS "/%s/rfkill*/%s", adapter, name);
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            FILE *stream = fopen(found.gl_pathv[i], "re");

            if (!stream)
                continue;
            blocked |= fgetc(stream) == '1';
            fclose(stream);
        }
    globfree(&found);
    return blocked;
}

static void on_powered(struct check_query *query, sd_bus_message *reply, const sd_bus_error *error)
{
    struct check *check = query->check;
    int powered;

    if (sd_bus_error_has_names(error, SD_BUS_ERROR_UNKNOWN_OBJECT, SD_BUS_ERROR_UNKNOWN_METHOD))
        check_done(check, CHECK_FAILING, "BlueZ doesn't know this adapter");
    else if (error)
        check_query_failed(query, "BlueZ", error);
    else if (sd_bus_message_read_basic(reply, 'b', &powered) < 0)
        check_done(check, CHECK_UNKNOWN, "BlueZ answers something else than was asked");
    else if (powered)
        check_done(check, CHECK_OK, "is powered");
    else
        check_done(check, CHECK_FAILING, "is not powered");
}

static int bluetooth_start(struct check *check)
{
    const char *adapter = check->target;
    char path[128];

    snprintf(path, sizeof(path), ADAPTERS "/%s", adapter);
    if (access(path, F_OK) < 0) {
        check_done(check, CHECK_FAILING, "the kernel has no such adapter");
        return 0;
    }
    if (is_blocked(adapter, "hard")) {
        check_done(check, CHECK_FAILING, "is blocked by its switch");
        return 0;
    }
    if (is_blocked(adapter, "soft")) {
        check_done(check, CHECK_FAILING, "is blocked by rfkill");
        return 0;
    }
    snprintf(path, sizeof(path), "/org/bluez/%s", adapter);
    check_query_property(
            check->data, "org.bluez", path, "org.bluez.Adapter1", "Powered", "b", on_powered);
    return 0;
}

static void bluetooth_cancel(struct check *check)
{
    check_query_cancel(check->data);
}

const struct check_type check_bluetooth = {
        .name = "bluetooth",
        .open = bluetooth_open,
        .start = bluetooth_start,
        .cancel = bluetooth_cancel,
};
