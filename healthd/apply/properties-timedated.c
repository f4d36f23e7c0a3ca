/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The timezone, which timedated keeps (and announces to whoever has cached it). It is started for
 * each question and goes when it has nothing to do: so whoever just wants to look reads the link
 * that everybody's time depends on, as timedated does. Others change it without asking timedated,
 * too.
 */

#include <string.h>
#include <unistd.h>

#include "properties-private.h"

#define NAME "org.freedesktop.timedate1"
#define PATH "/org/freedesktop/timedate1"
#define LOCALTIME "/etc/localtime"

static void on_read(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    struct properties_call *call = userdata;
    _cleanup_json_ json_t *values = NULL;
    const char *zone;

    if (error < 0) {
        properties_call_finish(call, message, NULL);
        return;
    }
    if (sd_bus_message_read(reply, "v", "s", &zone) >= 0)
        values = json_pack("{s:s}", "Timezone", zone);
    properties_call_finish(call, values ? NULL : "timedated's answer can't be read", values);
}

static int read_timezone(
        sd_event *event, properties_fn done, void *userdata, struct properties_call **ret)
{
    _cleanup_(properties_call_free_p) struct properties_call *call = NULL;
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = properties_call_new(event, NULL, done, userdata, &call);
    if (r >= 0)
        r = peer_bus_prepare(call->bus, NAME, PATH, DBUS_PROPERTIES, "Get", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", NAME, "Timezone");
    if (r >= 0)
        r = peer_bus_send(call->bus, m, on_read, call);
    if (r < 0)
        return r;
    *ret = STEAL(call);
    return 0;
}

static void on_written(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    properties_call_finish(userdata, error < 0 ? message : NULL, NULL);
}

static int write_timezone(sd_event *event, json_t *values, properties_fn done, void *userdata,
        struct properties_call **ret)
{
    const char *zone = json_string_value(json_object_get(values, "Timezone"));
    _cleanup_(properties_call_free_p) struct properties_call *call = NULL;
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    if (!zone)
        return -EINVAL;
    r = properties_call_new(event, values, done, userdata, &call);
    if (r >= 0)
        r = peer_bus_prepare(call->bus, NAME, PATH, NAME, "SetTimezone", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "sb", zone, 0);
    if (r >= 0)
        r = peer_bus_send(call->bus, m, on_written, call);
    if (r < 0)
        return r;
    *ret = STEAL(call);
    return 0;
}

/* What the link says, as in localtime(5); "": it isn't a link to a timezone. */
static int read_link(char *ret, size_t size)
{
    static const char *const folders[] = {"/usr/share/zoneinfo/", "../usr/share/zoneinfo/"};
    char target[256];
    ssize_t length = readlink(LOCALTIME, target, sizeof(target) - 1);

    if (length < 0 && errno != ENOENT && errno != EINVAL)
        return -errno;
    snprintf(ret, size, "%s", length < 0 && errno == ENOENT ? "UTC" : "");
    if (length < 0)
        return 0;
    target[length] = '\0';
    for (size_t i = 0; i < ELEMENTSOF(folders); i++)
        if (strncmp(target, folders[i], strlen(folders[i])) == 0)
            snprintf(ret, size, "%s", target + strlen(folders[i]));
    return 0;
}

static int look_at_link(
        sd_event *event, properties_fn done, void *userdata, struct properties_call **ret)
{
    _cleanup_json_ json_t *values = NULL;
    char zone[256];
    int r;

    r = read_link(zone, sizeof(zone));
    if (r < 0)
        return r;
    values = json_pack("{s:s}", "Timezone", zone);
    if (!values)
        return -ENOMEM;
    *ret = NULL;
    done(NULL, values, userdata);
    return 0;
}

const struct properties properties_timedated = {
        .owner = "the device",
        .read = read_timezone,
        .write = write_timezone,
        .look = look_at_link,
        .path = LOCALTIME,
};
