/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All types of checks. Those that bring a large library with them are modules of their own, loaded
 * when the configuration has the first one: libcurl and OpenSSL would cost each device some
 * megabytes, whether it checks with them or not.
 */

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "unbox/log.h"

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

/* Beside the daemon, wherever that is: the folder of the executable with a "/" at its end. */
static int find_own_folder(char ret[static PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - 1);

    if (size < 0)
        return -errno;
    ret[size] = '\0';
    strrchr(ret, '/')[1] = '\0';
    return 0;
}

/* It stays loaded, so the pointer stays good. */
static const struct check_type *load(const char *name)
{
    char folder[PATH_MAX], file[PATH_MAX + 64], symbol[64];
    const struct check_type *type;
    void *module;

    if (find_own_folder(folder) < 0)
        return NULL;
    snprintf(file, sizeof(file), "%scheck-%s.so", folder, name);
    snprintf(symbol, sizeof(symbol), "check_%s", name);
    module = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    type = module ? dlsym(module, symbol) : NULL;
    if (!type)
        unbox_log(LOG_ERR, "can't load the check: %s", dlerror());
    return type;
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
