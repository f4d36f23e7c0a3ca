/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A service that has checks, or of which something else is said, is watched, without being named
 * twice. */

#include "watched.h"

#include <string.h>

#include "checks.h"

const char **watched_units(const struct unbox_config *config)
{
    const struct unbox_config_row *const *checks = unbox_config_table(config, "health.checks");
    const struct unbox_config_row *const *services = unbox_config_table(config, "health.services");
    const char *const *units = unbox_config_list(config, "health.units");
    size_t size = 0, n = 0;
    const char **names;

    for (size_t i = 0; units[i]; i++)
        size++;
    for (size_t i = 0; checks[i]; i++)
        size++;
    for (size_t i = 0; services[i]; i++)
        size++;
    names = calloc(size + 1, sizeof(*names));
    if (!names)
        return NULL;
    for (size_t i = 0; units[i]; i++)
        names[n++] = units[i];
    for (size_t i = 0; checks[i]; i++) {
        const char *service = unbox_config_row_string(checks[i], "service");

        if (strcmp(service, CHECKS_DEVICE) != 0)
            names[n++] = service;
    }
    for (size_t i = 0; services[i]; i++)
        names[n++] = unbox_config_row_string(services[i], "unit");
    return names;
}
