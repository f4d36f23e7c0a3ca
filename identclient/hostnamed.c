/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One call after the other on the system bus: SetStaticHostname, SetHostname, then both properties.
 * They are asked for together: the answer to GetAll is one moment's.
 */

#include "hostnamed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME "org.freedesktop.hostname1"
#define PATH "/org/freedesktop/hostname1"
#define CALL_TIMEOUT_USEC (8 * USEC_PER_SEC)

struct hostnamed {
    sd_bus *bus;
    sd_bus_slot *slot;
    char *wanted;
    hostnamed_done_fn done;
    hostnamed_name_fn named;
    void *userdata;
};

int hostnamed_new(sd_event *event, struct hostnamed **ret)
{
    _cleanup_(hostnamed_free_p) struct hostnamed *hostnamed = calloc(1, sizeof(*hostnamed));
    int r;

    if (!hostnamed)
        return -ENOMEM;
    r = sd_bus_open_system(&hostnamed->bus);
    if (r < 0)
        return r;
    r = sd_bus_set_method_call_timeout(hostnamed->bus, CALL_TIMEOUT_USEC);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(hostnamed->bus, event, SD_EVENT_PRIORITY_NORMAL);
    if (r < 0)
        return r;
    *ret = STEAL(hostnamed);
    return 0;
}

struct hostnamed *hostnamed_free(struct hostnamed *hostnamed)
{
    if (!hostnamed)
        return NULL;
    sd_bus_slot_unref(hostnamed->slot);
    if (hostnamed->bus)
        sd_bus_detach_event(hostnamed->bus);
    sd_bus_close_unref(hostnamed->bus);
    free(hostnamed->wanted);
    free(hostnamed);
    return NULL;
}

static int call(struct hostnamed *hostnamed, sd_bus_message_handler_t handler,
        const char *interface, const char *member, const char *types, ...)
{
    va_list args;
    int r;

    hostnamed->slot = sd_bus_slot_unref(hostnamed->slot);
    va_start(args, types);
    r = sd_bus_call_method_asyncv(hostnamed->bus, &hostnamed->slot, NAME, PATH, interface, member,
            handler, hostnamed, types, args);
    va_end(args);
    return r < 0 ? r : 0;
}

static int reply_error(sd_bus_message *message, const char **ret_text)
{
    const sd_bus_error *error = sd_bus_message_get_error(message);

    if (!error)
        return 0;
    *ret_text = error->message ?: error->name;
    return -sd_bus_message_get_errno(message);
}

/* Takes the two names out of the a{sv} of GetAll; borrowed from the message. */
static int read_names(sd_bus_message *message, const char **ret_static, const char **ret_running)
{
    int r;

    r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char *property, **value = NULL;

        r = sd_bus_message_read(message, "s", &property);
        if (r < 0)
            return r;
        if (strcmp(property, "StaticHostname") == 0)
            value = ret_static;
        else if (strcmp(property, "Hostname") == 0)
            value = ret_running;
        r = value ? sd_bus_message_read(message, "v", "s", value)
                  : sd_bus_message_skip(message, "v");
        if (r < 0)
            return r;
        r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    return r;
}

static int on_names_read_back(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct hostnamed *hostnamed = userdata;
    const char *permanent = "", *running = "", *text = "the answer can't be read";
    int r;

    r = reply_error(message, &text);
    if (r >= 0)
        r = read_names(message, &permanent, &running);
    if (r >= 0 && (strcmp(permanent, hostnamed->wanted) != 0 ||
                          strcmp(running, hostnamed->wanted) != 0)) {
        r = -ESTALE;
        text = "it accepted the name, but has another one";
    }
    hostnamed->done(r < 0 ? r : 0, text, hostnamed->userdata);
    return 0;
}

static int on_running_set(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct hostnamed *hostnamed = userdata;
    const char *text = "the bus connection failed";
    int r;

    r = reply_error(message, &text);
    if (r >= 0)
        r = call(hostnamed, on_names_read_back, "org.freedesktop.DBus.Properties", "GetAll", "s",
                NAME);
    if (r < 0)
        hostnamed->done(r, text, hostnamed->userdata);
    return 0;
}

static int on_static_set(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct hostnamed *hostnamed = userdata;
    const char *text = "the bus connection failed";
    int r;

    r = reply_error(message, &text);
    if (r >= 0)
        r = call(hostnamed, on_running_set, NAME, "SetHostname", "sb", hostnamed->wanted, false);
    if (r < 0)
        hostnamed->done(r, text, hostnamed->userdata);
    return 0;
}

int hostnamed_set(
        struct hostnamed *hostnamed, const char *hostname, hostnamed_done_fn done, void *userdata)
{
    char *wanted = strdup(hostname);

    if (!wanted)
        return -ENOMEM;
    free(hostnamed->wanted);
    hostnamed->wanted = wanted;
    hostnamed->done = done;
    hostnamed->userdata = userdata;
    return call(hostnamed, on_static_set, NAME, "SetStaticHostname", "sb", wanted, false);
}

static int on_name_read(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct hostnamed *hostnamed = userdata;
    const char *permanent = NULL, *running = NULL, *text;
    int r;

    r = reply_error(message, &text);
    if (r >= 0)
        r = read_names(message, &permanent, &running);
    hostnamed->named(r < 0 ? r : 0, r < 0 ? NULL : permanent, hostnamed->userdata);
    return 0;
}

int hostnamed_get(struct hostnamed *hostnamed, hostnamed_name_fn fn, void *userdata)
{
    hostnamed->named = fn;
    hostnamed->userdata = userdata;
    return call(hostnamed, on_name_read, "org.freedesktop.DBus.Properties", "GetAll", "s", NAME);
}
