/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus and the registry for others: who may publish what, and who is who. */

#include "api-bus.h"

#include <string.h>
#include <systemd/sd-login.h>

#include "unbox/log.h"
#include "unbox/messages.h"

#define CONFLICT "CONFLICT"
#define OWN_UNIT "healthd.service"

/* The unit that the caller belonged to when he connected, if the process is still that unit's: its
 * number may be another process's by now. */
static bool is_of_unit(const struct unbox_ipc_call *call)
{
    _cleanup_free_ char *unit = NULL;

    return sd_pid_get_unit(unbox_ipc_call_pid(call), &unit) >= 0 &&
           strcmp(unit, unbox_ipc_call_unit(call)) == 0;
}

static int publish_kept(
        struct api *api, const char *owner, const char *topic, json_t *data, uint64_t *ret_seq)
{
    const struct bus_entry entry = {
            LOG_INFO, UNBOX_MESSAGE_EVENT, UNBOX_FIELDS("UNBOX_UNIT", owner), topic};

    return bus_publish_kept(api->bus, topic, data, &entry, ret_seq);
}

int api_publish(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *topic, *owner;
    json_t *data = NULL;
    uint64_t seq = 0;
    bool durable;
    int r;

    if (json_unpack(params, "{s:s, s?o !}", "topic", &topic, "data", &data) < 0 ||
            !unbox_ipc_topic_valid(topic, false))
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "a \"topic\" is wanted, words between dots, and \"data\"");
    owner = registry_topic_owner(api->registry, topic, &durable);
    if (registry_is_reserved(topic) || (owner && strcmp(owner, unbox_ipc_call_unit(call)) != 0) ||
            (!owner && !unbox_ipc_call_may(call, UNBOX_IPC_OPERATE)))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_PERMISSION_DENIED, "the caller may not publish %s", topic);
    if (durable && !bus_may_keep(api->bus))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "too many events that are kept; try again later");
    r = durable ? publish_kept(api, owner, topic, json_incref(data), &seq)
                : bus_publish(api->bus, topic, json_incref(data), &seq);
    if (r == -EMSGSIZE)
        return unbox_ipc_reply_error(call, UNBOX_IPC_TOO_LARGE,
                "the data of an event has at most %d bytes, and of one that is kept %d",
                UNBOX_IPC_EVENT_MAX, BUS_KEPT_MAX);
    if (r < 0)
        return r;
    return unbox_ipc_reply(call, json_pack("{s:I}", "seq", (json_int_t)seq));
}

int api_register_service(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *message = NULL, *code;
    int r;

    r = registry_register(
            api->registry, is_of_unit(call) ? unbox_ipc_call_unit(call) : "", params, &message);
    if (r >= 0) {
        units_follow(api->units, unbox_ipc_call_unit(call));
        return unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
    }
    switch (r) {
    case -EINVAL:
        code = UNBOX_IPC_INVALID_PARAMS;
        break;
    case -EPERM:
        code = UNBOX_IPC_PERMISSION_DENIED;
        unbox_log(LOG_WARNING, "process %d of unit \"%s\" wanted to be registered as \"%s\"",
                (int)unbox_ipc_call_pid(call), unbox_ipc_call_unit(call),
                json_string_value(json_object_get(params, "name")));
        break;
    case -EEXIST:
        code = CONFLICT;
        break;
    case -ENOSPC:
        code = UNBOX_IPC_BUSY;
        break;
    default:
        return r;
    }
    return unbox_ipc_reply_error(call, code, "%s", message);
}

static bool get_name(json_t *params, const char **ret)
{
    return json_unpack(params, "{s:s !}", "name", ret) >= 0;
}

int api_unregister_service(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *name;
    int r;

    if (!get_name(params, &name))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"name\"");
    r = registry_unregister(api->registry, is_of_unit(call) ? unbox_ipc_call_unit(call) : "", name);
    if (r == -EPERM)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_PERMISSION_DENIED, "%s is not the caller's unit", name);
    if (r < 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND, "%s is not registered", name);
    return unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}

int api_list_services(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_t *list = registry_list(((struct api *)userdata)->registry);

    return list ? unbox_ipc_reply(call, list) : -ENOMEM;
}

int api_discover(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct api *api = userdata;
    const char *name;
    json_t *service;

    if (!get_name(params, &name))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"name\"");
    service = registry_find(api->registry, name);
    if (!service)
        return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND, "%s is not registered", name);
    return unbox_ipc_reply(call, json_incref(service));
}

void api_register_self(struct api *api)
{
    _cleanup_json_ json_t *params = json_pack(
            "{s:s, s:s, s:s, s:s, s:[s,s,s], s:[{s:s, s:b}, {s:s, s:b}, {s:s, s:b}]}", "name",
            "healthd", "version", PROJECT_VERSION, "description",
            "Watches the device's services and restarts what fails.", "endpoint", API_PATH,
            "capabilities", "health", "registry", "bus", "topics", "name", "health.*", "durable", 1,
            "name", "config.*", "durable", 1, "name", "registry.*", "durable", 0);
    const char *message = NULL;
    int r;

    r = params ? registry_register(api->registry, OWN_UNIT, params, &message) : -ENOMEM;
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't register healthd itself");
}
