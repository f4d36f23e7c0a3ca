/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All types of checks. Those that bring a large library with them are modules of their own, loaded
 * when the configuration has the first one: libcurl and OpenSSL would cost each device some
 * megabytes, whether it checks with them or not.
 */

#include <stdio.h>
#include <string.h>

#include "check.h"
#include "module.h"

static const struct check_type *const built_in[] = {
        &check_address,
        &check_bluetooth,
        &check_command,
        &check_dbus,
        &check_dhcp_range,
        &check_disk,
        &check_memory,
        &check_tcp,
        &check_temperature,
        &check_unix,
};

static const struct check_type *load(const char *name)
{
    char file[64], symbol[64];

    snprintf(file, sizeof(file), "check-%s", name);
    snprintf(symbol, sizeof(symbol), "check_%s", name);
    return module_symbol(file, symbol);
}

/* One that isn't installed costs that check, and nothing else. */
static int missing_open(struct check *check, const struct unbox_config_row *row)
{
    check->target = strdup(unbox_config_row_string(row, "type"));
    return check->target ? 0 : -ENOMEM;
}

static int missing_start(struct check *check)
{
    check_done(check, CHECK_UNKNOWN, "this type of check isn't installed");
    return 0;
}

static const struct check_type missing = {
        .name = "missing",
        .open = missing_open,
        .start = missing_start,
};

const struct check_type *check_type_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(built_in); i++)
        if (strcmp(built_in[i]->name, name) == 0)
            return built_in[i];
    return load(name) ?: &missing;
}
