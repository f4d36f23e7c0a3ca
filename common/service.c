/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A service's side of the registry. It subscribes to the registry's events: that is how it learns
 * that healthd has come back, and that it is missing there.
 */

#include "unbox/service.h"

#include <string.h>

#include "util.h"

#define CALL_USEC (10 * USEC_PER_SEC)

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct unbox_service {
    struct unbox_ipc_client *client;
    char *name;
    json_t *params; /* NULL: not to be registered any more */
    unbox_ipc_state_fn state;
    void *userdata;
};

DEFINE_CLEANUP(struct unbox_service *, unbox_service_free);

static int set_string(json_t *object, const char *key, const char *value)
{
    return value && json_object_set_new(object, key, json_string(value)) < 0 ? -EINVAL : 0;
}

static int set_capabilities(json_t *params, const char *const *capabilities)
{
    json_t *array;

    if (!capabilities)
        return 0;
    array = json_array();
    for (; *capabilities; capabilities++)
        if (json_array_append_new(array, json_string(*capabilities)) < 0) {
            json_decref(array);
            return -EINVAL;
        }
    return json_object_set_new(params, "capabilities", array) < 0 ? -ENOMEM : 0;
}

static int set_topics(json_t *params, const struct unbox_ipc_topic *topics)
{
    json_t *array;

    if (!topics)
        return 0;
    array = json_array();
    for (; topics->name; topics++)
        if (json_array_append_new(
                    array, json_pack("{s:s, s:s*, s:b}", "name", topics->name, "description",
                                   topics->description, "durable", (int)topics->durable)) < 0) {
            json_decref(array);
            return -EINVAL;
        }
    return json_object_set_new(params, "topics", array) < 0 ? -ENOMEM : 0;
}

static int make_params(const struct unbox_service_options *options, json_t **ret)
{
    _cleanup_json_ json_t *params = json_object();
    int r;

    if (!params)
        return -ENOMEM;
    r = options->name ? set_string(params, "name", options->name) : -EINVAL;
    if (r >= 0)
        r = set_string(params, "version", options->version);
    if (r >= 0)
        r = set_string(params, "description", options->description);
    if (r >= 0)
        r = set_string(params, "endpoint", options->endpoint);
    if (r >= 0)
        r = set_capabilities(params, options->capabilities);
    if (r >= 0)
        r = set_topics(params, options->topics);
    if (r >= 0 && options->tab && json_object_set(params, "tab", options->tab) < 0)
        r = -ENOMEM;
    if (r >= 0)
        *ret = STEAL(params);
    return r;
}

static void tell(struct unbox_service *service, int error, const char *message)
{
    if (service->state)
        service->state(error, message, service->userdata);
}

static void on_registered(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    tell(userdata, error, message);
}

static void do_register(struct unbox_service *service)
{
    int r;

    if (!service->params)
        return;
    r = unbox_ipc_client_call(service->client, "register_service", json_deep_copy(service->params),
            CALL_USEC, on_registered, service);
    if (r < 0)
        tell(service, r, strerrordesc_np(-r));
}

static void on_state(int error, const char *message, void *userdata)
{
    if (error < 0)
        tell(userdata, error, message);
    else
        do_register(userdata);
}

/* healthd has seen our unit go down and up after we had registered: we are there all the same. */
static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct unbox_service *service = userdata;
    const char *name = json_string_value(json_object_get(data, "name"));

    if (strcmp(topic, "registry.unregistered") == 0 && name && strcmp(name, service->name) == 0)
        do_register(service);
    return 0;
}

int unbox_service_register(sd_event *event, const struct unbox_service_options *options,
        unbox_ipc_state_fn state, void *userdata, struct unbox_service **ret)
{
    static const char *const topics[] = {"registry.unregistered", NULL};
    _cleanup_(unbox_service_free_p) struct unbox_service *service = calloc(1, sizeof(*service));
    int r;

    if (!service)
        return -ENOMEM;
    service->state = state;
    service->userdata = userdata;
    r = make_params(options, &service->params);
    if (r < 0)
        return r;
    service->name = strdup(options->name);
    if (!service->name)
        return -ENOMEM;
    r = unbox_ipc_client_new(event, options->socket ?: UNBOX_HEALTHD_SOCKET, &service->client);
    if (r < 0)
        return r;
    r = unbox_ipc_client_subscribe(
            service->client, topics, UNBOX_IPC_SINCE_NOW, on_event, on_state, service);
    if (r < 0)
        return r;
    *ret = STEAL(service);
    return 0;
}

struct unbox_service *unbox_service_free(struct unbox_service *service)
{
    if (!service)
        return NULL;
    unbox_ipc_client_free(service->client);
    json_decref(service->params);
    free(service->name);
    free(service);
    return NULL;
}

struct unbox_ipc_client *unbox_service_client(struct unbox_service *service)
{
    return service->client;
}

static void ignore(int error, json_t *result, const char *code, const char *message, void *userdata)
{
}

int unbox_service_unregister(
        struct unbox_service *service, unbox_ipc_reply_fn reply, void *userdata)
{
    json_decref(service->params);
    service->params = NULL;
    return unbox_ipc_client_call(service->client, "unregister_service",
            json_pack("{s:s}", "name", service->name), CALL_USEC, reply ?: ignore, userdata);
}

int unbox_service_info_read(json_t *service, struct unbox_service_info *ret)
{
    struct unbox_service_info info = {.version = "", .description = "", .whole = service};

    if (json_unpack(service, "{s:s, s:s, s?s, s?s, s?s}", "name", &info.name, "unit", &info.unit,
                "version", &info.version, "description", &info.description, "endpoint",
                &info.endpoint) < 0)
        return -EBADMSG;
    *ret = info;
    return 0;
}

bool unbox_service_info_has_capability(
        const struct unbox_service_info *info, const char *capability)
{
    const json_t *known;
    size_t i;

    json_array_foreach (json_object_get(info->whole, "capabilities"), i, known)
        if (json_is_string(known) && strcmp(json_string_value(known), capability) == 0)
            return true;
    return false;
}

int unbox_service_discover(
        struct unbox_ipc_client *client, const char *name, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_client_call(
            client, "discover", json_pack("{s:s}", "name", name), CALL_USEC, reply, userdata);
}

int unbox_service_list(struct unbox_ipc_client *client, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_client_call(client, "list_services", NULL, CALL_USEC, reply, userdata);
}
