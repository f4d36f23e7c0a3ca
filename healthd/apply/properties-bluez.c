/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The Bluetooth adapter as BlueZ keeps it. Which one it is, is asked each time: adapters come and
 * go, and the first one need not be hci0.
 */

#include <string.h>

#include "properties-private.h"

#define NAME "org.bluez"
#define ADAPTER "org.bluez.Adapter1"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define UNREADABLE "BlueZ' answer can't be read"

/* In the order in which they are set: discoverable with no timeout, not until an old one ends. */
static const struct {
    const char *name;
    char type;
} adapter_properties[] = {
        {"Alias", 's'},
        {"DiscoverableTimeout", 'u'},
        {"Discoverable", 'b'},
};

/* The value of a variant; NULL: none of those types, or out of memory. */
static json_t *read_value(sd_bus_message *m, char type)
{
    const char contents[] = {type, '\0'};
    const char *text;
    uint32_t number;
    int flag;

    switch (type) {
    case 's':
        return sd_bus_message_read(m, "v", contents, &text) < 0 ? NULL : json_string(text);
    case 'u':
        return sd_bus_message_read(m, "v", contents, &number) < 0 ? NULL : json_integer(number);
    default:
        return sd_bus_message_read(m, "v", contents, &flag) < 0 ? NULL : json_boolean(flag);
    }
}

/* An a{sv}; those of interest become *ret. */
static int read_properties(sd_bus_message *m, json_t **ret)
{
    _cleanup_json_ json_t *values = json_object();
    const char *name;
    int r;

    r = sd_bus_message_enter_container(m, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        size_t i = 0;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
            break;
        while (i < ELEMENTSOF(adapter_properties) && strcmp(adapter_properties[i].name, name) != 0)
            i++;
        if (i == ELEMENTSOF(adapter_properties))
            r = sd_bus_message_skip(m, "v");
        else
            r = json_object_set_new(values, name, read_value(m, adapter_properties[i].type));
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    if (r >= 0)
        r = sd_bus_message_exit_container(m);
    if (r >= 0)
        *ret = STEAL(values);
    return r;
}

/* An a{sa{sv}} of one object: *ret stays as it is when the object is no adapter. */
static int read_interfaces(sd_bus_message *m, json_t **ret)
{
    const char *interface;
    int r;

    r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        r = sd_bus_message_read_basic(m, 's', &interface);
        if (r < 0)
            break;
        if (strcmp(interface, ADAPTER) == 0 && !*ret)
            r = read_properties(m, ret);
        else
            r = sd_bus_message_skip(m, "a{sv}");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* The adapter with the lowest path, and what it says. 1, 0: there is none, or a negative errno. */
static int read_adapter(sd_bus_message *m, char **ret_path, json_t **ret_values)
{
    _cleanup_json_ json_t *best = NULL;
    _cleanup_free_ char *best_path = NULL;
    const char *path;
    int r;

    r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
        _cleanup_json_ json_t *values = NULL;

        r = sd_bus_message_read_basic(m, 'o', &path);
        if (r >= 0)
            r = read_interfaces(m, &values);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0 || !values || (best_path && strcmp(best_path, path) < 0))
            continue;
        free(best_path);
        best_path = strdup(path);
        if (!best_path)
            return -ENOMEM;
        json_decref(best);
        best = STEAL(values);
    }
    if (r < 0 || !best)
        return r;
    *ret_path = STEAL(best_path);
    *ret_values = STEAL(best);
    return 1;
}

static void on_written(int error, const char *message, sd_bus_message *reply, void *userdata);

static int append_value(sd_bus_message *m, char type, json_t *value)
{
    const char contents[] = {type, '\0'};

    switch (type) {
    case 's':
        return sd_bus_message_append(m, "v", contents, json_string_value(value) ?: "");
    case 'u':
        return sd_bus_message_append(m, "v", contents, (uint32_t)json_integer_value(value));
    default:
        return sd_bus_message_append(m, "v", contents, json_is_true(value));
    }
}

static int write_one(struct properties_call *call, size_t i)
{
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    const char *name = adapter_properties[i].name;
    int r;

    r = peer_bus_prepare(call->bus, NAME, call->path, DBUS_PROPERTIES, "Set", &m);
    if (r >= 0)
        r = sd_bus_message_append(m, "ss", ADAPTER, name);
    if (r >= 0)
        r = append_value(m, adapter_properties[i].type, json_object_get(call->values, name));
    return r < 0 ? r : peer_bus_send(call->bus, m, on_written, call);
}

static void write_next(struct properties_call *call)
{
    int r;

    while (call->next < ELEMENTSOF(adapter_properties) &&
            !json_object_get(call->values, adapter_properties[call->next].name))
        call->next++;
    if (call->next == ELEMENTSOF(adapter_properties)) {
        properties_call_finish(call, NULL, NULL);
        return;
    }
    r = write_one(call, call->next++);
    if (r < 0)
        properties_call_finish(call, strerrordesc_np(-r), NULL);
}

static void on_written(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    if (error < 0)
        properties_call_finish(userdata, message, NULL);
    else
        write_next(userdata);
}

static void on_objects(int error, const char *message, sd_bus_message *reply, void *userdata)
{
    struct properties_call *call = userdata;
    _cleanup_json_ json_t *values = NULL;
    int r;

    if (error < 0) {
        properties_call_finish(call, message, NULL);
        return;
    }
    r = read_adapter(reply, &call->path, &values);
    if (r <= 0)
        properties_call_finish(call, r < 0 ? UNREADABLE : "there is no Bluetooth adapter", NULL);
    else if (call->values)
        write_next(call);
    else
        properties_call_finish(call, NULL, values);
}

static int begin(sd_event *event, json_t *values, bool start, properties_fn done, void *userdata,
        struct properties_call **ret)
{
    _cleanup_(properties_call_free_p) struct properties_call *call = NULL;
    _cleanup_(sd_bus_message_unref_p) sd_bus_message *m = NULL;
    int r;

    r = properties_call_new(event, values, done, userdata, &call);
    if (r >= 0)
        r = peer_bus_prepare(call->bus, NAME, "/", OBJECT_MANAGER, "GetManagedObjects", &m);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, start);
    if (r >= 0)
        r = peer_bus_send(call->bus, m, on_objects, call);
    if (r < 0)
        return r;
    *ret = STEAL(call);
    return 0;
}

static int read_all(
        sd_event *event, properties_fn done, void *userdata, struct properties_call **ret)
{
    return begin(event, NULL, true, done, userdata, ret);
}

static int look_at_all(
        sd_event *event, properties_fn done, void *userdata, struct properties_call **ret)
{
    return begin(event, NULL, false, done, userdata, ret);
}

static int write_all(sd_event *event, json_t *values, properties_fn done, void *userdata,
        struct properties_call **ret)
{
    return begin(event, values, true, done, userdata, ret);
}

/* Who changes them, or comes with others. */

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const struct properties_watch *watch = userdata;
    const char *name, *old_owner, *new_owner;

    if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) >= 0 && *new_owner)
        watch->changed(watch->userdata);
    return 0;
}

static int on_interfaces_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const struct properties_watch *watch = userdata;
    _cleanup_json_ json_t *values = NULL;
    const char *path;

    /* Most of what comes are devices in the neighbourhood. */
    if (sd_bus_message_read_basic(m, 'o', &path) >= 0 && read_interfaces(m, &values) >= 0 && values)
        watch->changed(watch->userdata);
    return 0;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const struct properties_watch *watch = userdata;
    _cleanup_json_ json_t *values = NULL;
    const char *interface;

    /* Which adapter is the first one, and what it says, is asked. */
    if (sd_bus_message_read_basic(m, 's', &interface) >= 0 && read_properties(m, &values) >= 0 &&
            json_object_size(values) > 0)
        watch->changed(watch->userdata);
    return 0;
}

/* From here on nothing is missed; the broker has answered the other matches before. */
static int on_watched(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const struct properties_watch *watch = userdata;

    watch->changed(watch->userdata);
    return 0;
}

static int watch(
        sd_bus *bus, properties_changed_fn changed, void *userdata, struct properties_watch **ret)
{
    static const struct {
        const char *rule;
        sd_bus_message_handler_t handler, installed;
    } matches[PROPERTIES_MATCHES_MAX] = {
            {"type='signal',sender='" NAME "',interface='" DBUS_PROPERTIES
             "',member='PropertiesChanged',arg0='" ADAPTER "'",
                    on_properties_changed, NULL},
            {"type='signal',sender='" NAME "',interface='" OBJECT_MANAGER
             "',member='InterfacesAdded'",
                    on_interfaces_added, NULL},
            {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
             "member='NameOwnerChanged',arg0='" NAME "'",
                    on_owner_changed, on_watched},
    };
    _cleanup_(properties_watch_free_p) struct properties_watch *watch = calloc(1, sizeof(*watch));
    int r;

    if (!watch)
        return -ENOMEM;
    watch->changed = changed;
    watch->userdata = userdata;
    for (size_t i = 0; i < ELEMENTSOF(matches); i++) {
        r = sd_bus_add_match_async(bus, &watch->matches[i], matches[i].rule, matches[i].handler,
                matches[i].installed, watch);
        if (r < 0)
            return r;
    }
    *ret = STEAL(watch);
    return 0;
}

const struct properties properties_bluez = {
        .owner = "the Bluetooth adapter",
        .read = read_all,
        .write = write_all,
        .look = look_at_all,
        .watch = watch,
};
