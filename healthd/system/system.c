/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Read when asked for, from where it is kept: under ProtectHostname= the kernel's hostname is this
 * process' own copy of what it was at its start.
 */

#include "system.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <systemd/sd-id128.h>
#include <time.h>

#include "hardware.h"
#include "identity.h"
#include "timestamp.h"
#include "unbox/store.h"
#include "util.h"

#define FILE_MAX (16 * 1024)

/* The first line that is no comment. */
static char *first_line(const char *text)
{
    while (*text == '#' || *text == '\n') {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return strndup(text, strcspn(text, "\n"));
}

char *system_hostname(void)
{
    _cleanup_free_ char *text = NULL, *name = NULL;

    if (unbox_store_read("/etc/hostname", FILE_MAX, &text, NULL) >= 0) {
        name = first_line(text);
        if (name && *name)
            return STEAL(name);
    }
    return strdup("localhost");
}

uint64_t system_uptime_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec;
}

/* PRETTY_NAME of os-release, whose quotes are those of a shell; this one has no escapes in it. */
static char *os_name(void)
{
    static const char key[] = "PRETTY_NAME=";
    _cleanup_free_ char *text = NULL;
    char *line, *save;

    if (unbox_store_read("/etc/os-release", FILE_MAX, &text, NULL) < 0)
        return strdup("Linux");
    for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        const char *value = line + strlen(key);

        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        if (*value == '"' || *value == '\'')
            return strndup(value + 1, strcspn(value + 1, "\"'"));
        return strdup(value);
    }
    return strdup("Linux");
}

/* JSON null where the factory hasn't been yet, or the identity can't be read. */
static int add_identity(json_t *object)
{
    _cleanup_(identity_done) struct identity identity = {};
    char expires[TIMESTAMP_SIZE] = "";

    (void)identity_read(&identity);
    if (identity.expires_usec)
        timestamp_format(identity.expires_usec, expires);
    return json_object_update_new(
            object, json_pack("{s:s?, s:s?}", "serial", identity.serial, "certificate_expires",
                            *expires ? expires : NULL));
}

static int add_hardware(json_t *object)
{
    return json_object_update_new(
            object, json_pack("{s:o, s:o, s:o, s:o}", "model", hardware_model(), "memory",
                            hardware_memory(), "disk", hardware_disk(), "temperature_celsius",
                            hardware_temperature()));
}

static int add_time(json_t *object, enum timedate_synchronised synchronised)
{
    char time[TIMESTAMP_SIZE], boot_id[SD_ID128_STRING_MAX] = "";
    sd_id128_t id;

    timestamp_format(timestamp_now(), time);
    if (sd_id128_get_boot(&id) >= 0)
        sd_id128_to_string(id, boot_id);
    return json_object_update_new(object,
            json_pack("{s:s, s:o, s:s?}", "time", time, "time_synchronised",
                    synchronised == TIMEDATE_UNKNOWN ? json_null()
                                                     : json_boolean(synchronised == TIMEDATE_YES),
                    "boot_id", *boot_id ? boot_id : NULL));
}

json_t *system_to_json(enum timedate_synchronised synchronised)
{
    _cleanup_free_ char *hostname = system_hostname(), *os = os_name();
    _cleanup_json_ json_t *object = NULL;
    struct utsname kernel;

    if (!hostname || !os || uname(&kernel) < 0)
        return NULL;
    object = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "hostname", hostname, "version",
            PROJECT_VERSION, "uptime_seconds", (json_int_t)system_uptime_seconds(), "kernel",
            kernel.release, "os", os, "architecture", kernel.machine);
    if (!object || add_identity(object) < 0 || add_hardware(object) < 0 ||
            add_time(object, synchronised) < 0)
        return NULL;
    return STEAL(object);
}
