/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps a copy of the registry up to date: the list at first and whenever healthd has been away,
 * then its events. What differs from the copy is told. */

#include <string.h>

#include "unbox/service.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct unbox_service_watch {
    struct unbox_ipc_client *client;
    json_t *known; /* name → service */
    unbox_service_watch_fn changed;
    void *userdata;
};

DEFINE_CLEANUP(struct unbox_service_watch *, unbox_service_watch_free);

static void add(struct unbox_service_watch *watch, json_t *service)
{
    struct unbox_service_info info;

    if (unbox_service_info_read(service, &info) < 0 ||
            json_equal(json_object_get(watch->known, info.name), service))
        return;
    if (json_object_set(watch->known, info.name, service) >= 0)
        watch->changed(true, &info, watch->userdata);
}

static void drop(struct unbox_service_watch *watch, const char *name)
{
    const struct unbox_service_info info = {
            .name = name, .version = "", .description = "", .unit = ""};

    if (json_object_del(watch->known, name) >= 0)
        watch->changed(false, &info, watch->userdata);
}

static bool is_listed(const json_t *list, const char *wanted)
{
    const json_t *service;
    size_t i;

    json_array_foreach (list, i, service) {
        const char *name = json_string_value(json_object_get(service, "name"));

        if (name && strcmp(name, wanted) == 0)
            return true;
    }
    return false;
}

static void on_list(int error, json_t *list, const char *code, const char *message, void *userdata)
{
    struct unbox_service_watch *watch = userdata;
    _cleanup_json_ json_t *before = NULL;
    json_t *service;
    const char *name;
    size_t i;

    /* The connection has ended again: the next one begins with a list, too. */
    if (error < 0 || !json_is_array(list))
        return;
    before = json_copy(watch->known);
    json_object_foreach (before, name, service)
        if (!is_listed(list, name))
            drop(watch, name);
    json_array_foreach (list, i, service)
        add(watch, service);
}

static void on_state(int error, const char *message, void *userdata)
{
    struct unbox_service_watch *watch = userdata;

    if (error >= 0)
        (void)unbox_service_list(watch->client, on_list, watch);
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    const char *name = json_string_value(json_object_get(data, "name"));

    if (strcmp(topic, "registry.registered") == 0)
        add(userdata, data);
    else if (strcmp(topic, "registry.unregistered") == 0 && name)
        drop(userdata, name);
    return 0;
}

int unbox_service_watch_new(sd_event *event, const char *socket, unbox_service_watch_fn changed,
        void *userdata, struct unbox_service_watch **ret)
{
    static const char *const topics[] = {"registry.*", NULL};
    _cleanup_(unbox_service_watch_free_p) struct unbox_service_watch *watch =
            calloc(1, sizeof(*watch));
    int r;

    if (!watch)
        return -ENOMEM;
    watch->changed = changed;
    watch->userdata = userdata;
    watch->known = json_object();
    if (!watch->known)
        return -ENOMEM;
    r = unbox_ipc_client_new(event, socket ?: UNBOX_HEALTHD_SOCKET, &watch->client);
    if (r < 0)
        return r;
    r = unbox_ipc_client_subscribe(
            watch->client, topics, UNBOX_IPC_SINCE_NOW, on_event, on_state, watch);
    if (r < 0)
        return r;
    *ret = STEAL(watch);
    return 0;
}

struct unbox_service_watch *unbox_service_watch_free(struct unbox_service_watch *watch)
{
    if (!watch)
        return NULL;
    unbox_ipc_client_free(watch->client);
    json_decref(watch->known);
    free(watch);
    return NULL;
}
