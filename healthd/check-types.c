/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All types of checks. Those that bring a large library with them are modules of their own, loaded
 * when the configuration has the first one: libcurl and OpenSSL would cost each device some
 * megabytes, whether it checks with them or not.
 */

#include <dlfcn.h>
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

/* Found by the run path: beside the daemon. It stays loaded, so the pointer stays good. */
static const struct check_type *load(const char *name)
{
    char file[64], symbol[64];
    const struct check_type *type;
    void *module;

    snprintf(file, sizeof(file), "check-%s.so", name);
    snprintf(symbol, sizeof(symbol), "check_%s", name);
    module = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    type = module ? dlsym(module, symbol) : NULL;
    if (!type)
        unbox_log(LOG_ERR, "can't load the check: %s", dlerror());
    return type;
}

const struct check_type *check_type_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTSOF(built_in); i++)
        if (strcmp(built_in[i]->name, name) == 0)
            return built_in[i];
    return load(name);
}
