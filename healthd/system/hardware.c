/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads /proc and /sys; each when asked for. */

#include "hardware.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "text.h"
#include "unbox/store.h"
#include "util.h"

#define STATE_FOLDER "/var/lib/unbox"
#define MODEL_MAX 256

static json_t *read_line(const char *path)
{
    _cleanup_free_ char *text = NULL;
    size_t size;

    /* The device tree's texts have a NUL at their end, the DMI's a newline. */
    if (unbox_store_read(path, 4096, &text, &size) < 0)
        return NULL;
    size = strcspn(text, "\n");
    return size > 0 ? text_to_json(text, size, MODEL_MAX) : NULL;
}

json_t *hardware_model(void)
{
    json_t *model = read_line("/proc/device-tree/model");

    if (!model)
        model = read_line("/sys/class/dmi/id/product_name");
    return model ?: json_null();
}

/* A line of /proc/meminfo, in bytes; -1: there is none. */
static json_int_t meminfo(const char *text, const char *name)
{
    const char *line = strstr(text, name);
    unsigned long long kib;

    return line && sscanf(line + strlen(name), " %llu kB", &kib) == 1 ? (json_int_t)kib * 1024 : -1;
}

json_t *hardware_memory(void)
{
    _cleanup_free_ char *text = NULL;
    json_int_t total, available;

    if (unbox_store_read("/proc/meminfo", 64 * 1024, &text, NULL) < 0)
        return json_null();
    total = meminfo(text, "MemTotal:");
    available = meminfo(text, "MemAvailable:");
    if (total < 0 || available < 0)
        return json_null();
    return json_pack("{s:I, s:I}", "total_bytes", total, "available_bytes", available);
}

json_t *hardware_disk(void)
{
    struct statvfs st;

    if (statvfs(STATE_FOLDER, &st) < 0)
        return json_null();
    return json_pack("{s:s, s:I, s:I}", "path", STATE_FOLDER, "total_bytes",
            (json_int_t)st.f_blocks * (json_int_t)st.f_frsize, "available_bytes",
            (json_int_t)st.f_bavail * (json_int_t)st.f_frsize);
}

static bool read_milli(const char *path, long *ret)
{
    _cleanup_free_ char *text = NULL;

    return unbox_store_read(path, 64, &text, NULL) >= 0 && sscanf(text, "%ld", ret) == 1;
}

json_t *hardware_temperature(void)
{
    bool known = false;
    glob_t zones = {};
    long warmest = 0;

    if (glob("/sys/class/thermal/thermal_zone*/temp", GLOB_NOSORT, NULL, &zones) == 0)
        for (size_t i = 0; i < zones.gl_pathc; i++) {
            long milli;

            if (!read_milli(zones.gl_pathv[i], &milli) || (known && milli < warmest))
                continue;
            warmest = milli;
            known = true;
        }
    globfree(&zones);
    return known ? json_real((double)warmest / 1000) : json_null();
}
