/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* It isn't too hot: the kernel's thermal zones, the named one or the hottest. */

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define ZONES "/sys/class/thermal/thermal_zone*"

struct temperature {
    char *zone; /* its type; "": any */
    int64_t max;
};

static void temperature_close(struct check *check)
{
    struct temperature *temperature = check->data;

    if (!temperature)
        return;
    free(temperature->zone);
    free(temperature);
}

static int temperature_open(struct check *check, const struct unbox_config_row *row)
{
    struct temperature *temperature = check->data = calloc(1, sizeof(*temperature));

    if (!temperature)
        return -ENOMEM;
    temperature->max = unbox_config_row_int(row, "max_celsius");
    temperature->zone = strdup(unbox_config_row_string(row, "zone"));
    if (!temperature->zone)
        return -ENOMEM;
    check->target = strdup(*temperature->zone ? temperature->zone : "hottest zone");
    return check->target ? 0 : -ENOMEM;
}

/* The first word of a file in the zone's folder. */
static bool read_word(const char *zone, const char *name, char *ret, size_t size)
{
    char path[256];
    FILE *stream;
    bool found;

    snprintf(path, sizeof(path), "%s/%s", zone, name);
    stream = fopen(path, "re");
    if (!stream)
        return false;
    found = fgets(ret, size, stream);
    fclose(stream);
    if (found)
        ret[strcspn(ret, "\n")] = '\0';
    return found;
}

/* False when there is no zone that tells. */
static bool find_hottest(
        const struct temperature *temperature, double *ret_celsius, char *ret_zone, size_t size)
{
    glob_t found = {};
    bool any = false;

    if (glob(ZONES, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            char type[64], text[32], *end;
            double celsius;

            if (!read_word(found.gl_pathv[i], "type", type, sizeof(type)) ||
                    !read_word(found.gl_pathv[i], "temp", text, sizeof(text)) ||
                    (*temperature->zone && strcmp(type, temperature->zone) != 0))
                continue;
            celsius = strtol(text, &end, 10) / 1000.0; /* the kernel's thermal/sysfs-api */
            if (end == text || (any && celsius <= *ret_celsius))
                continue;
            any = true;
            *ret_celsius = celsius;
            snprintf(ret_zone, size, "%s", type);
        }
    globfree(&found);
    return any;
}

static int temperature_start(struct check *check)
{
    const struct temperature *temperature = check->data;
    double celsius = 0;
    char zone[64];

    if (!find_hottest(temperature, &celsius, zone, sizeof(zone)))
        check_done(check, CHECK_UNKNOWN, "this device tells no such temperature");
    else if (celsius > temperature->max)
        check_done(check, CHECK_FAILING, "%s has %.1f °C, %lld °C are too hot", zone, celsius,
                (long long)temperature->max);
    else
        check_done(check, CHECK_OK, "%s has %.1f °C", zone, celsius);
    return 0;
}

const struct check_type check_temperature = {
        .name = "temperature",
        .open = temperature_open,
        .start = temperature_start,
        .close = temperature_close,
};
