/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The keys of health.services. */

#include <string.h>

#include "config-schema.h"
#include "unbox/config.h"
#include "util.h"

static const char *check_unit(const char *value)
{
    return strpbrk(value, "/*?[ \t") ? "must be the name of one unit" : NULL;
}

static const char *check_step(const char *value)
{
    return strcmp(value, "wifi-unblock") == 0 || strcmp(value, "bluetooth-power") == 0
                   ? NULL
                   : "must be wifi-unblock or bluetooth-power";
}

static const struct config_key service_keys[] = {
        {"unit", CONFIG_STRING, 1, 255, NULL, check_unit, "The unit, which is watched by that."},
        {"before", CONFIG_LIST, 1, 32, "", check_step, "Steps before each restart of it."},
        {"after", CONFIG_LIST, 1, 32, "", check_step, "Steps after each restart that helped."},
        {"memory_mib", CONFIG_INT, 0, 1048576, "0", NULL,
                "So much memory or more is worth a warning; 0 is never."},
        {"cpu_percent", CONFIG_INT, 0, 100000, "0", NULL,
                "So much of one processor or more is worth a warning; 0 is never."},
        {"tasks", CONFIG_INT, 0, 1000000, "0", NULL,
                "So many threads or more are worth a warning; 0 is never."},
};

const struct config_table config_services = {service_keys, ELEMENTSOF(service_keys)};

static bool is_same_unit(const char *a, const char *b)
{
    static const char type[] = ".service";
    size_t n = strlen(a);

    return strncmp(a, b, n) == 0 && (!b[n] || strcmp(b + n, type) == 0);
}

const char *config_check_services(struct unbox_config_row *const *rows)
{
    for (; *rows; rows++)
        for (struct unbox_config_row *const *other = rows + 1; *other; other++) {
            const char *a = unbox_config_row_string(*rows, "unit");
            const char *b = unbox_config_row_string(*other, "unit");

            if (is_same_unit(a, b) || is_same_unit(b, a))
                return "must not have the same unit twice";
        }
    return NULL;
}
