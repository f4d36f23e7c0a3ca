/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of /run/unbox/healthd.sock. */

#include "api.h"

#include <stdio.h>
#include <string.h>

#include "api-apply.h"
#include "api-bus.h"
#include "api-queue.h"
#include "diagnostics.h"
#include "metrics.h"
#include "system.h"
#include "unbox/log.h"

#define RESTART_FAILED "RESTART_FAILED"
/* It is everybody's bus. */
#define CLIENTS_MAX 256
#define OWN_UNIT "healthd.service"

static int reply(struct unbox_ipc_call *call, json_t *result)
{
    return result ? unbox_ipc_reply(call, result) : -ENOMEM;
}

static int get_health(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *text;
    int detail = 0;
    size_t size;

    if (json_unpack(params, "{s?b !}", "detail", &detail) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"detail\", true or false");
    if (detail)
        return reply(call, units_to_json(api->units, true));
    text = units_health_text(api->units, &size);
    return text ? unbox_ipc_reply_text(call, text, size) : -ENOMEM;
}

static int get_status(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *services = units_to_json(api->units, true);
    _cleanup_json_ json_t *applied = apply_to_json(api->apply);
    _cleanup_free_ char *hostname = system_hostname();

    if (!services || !applied || !hostname)
        return -ENOMEM;
    return reply(call,
            json_pack("{s:O, s:O, s:s, s:I, s:s, s:O}", "services", services, "applied", applied,
                    "hostname", hostname, "uptime_seconds", (json_int_t)system_uptime_seconds(),
                    "version", PROJECT_VERSION, "events", memory_events(api->memory)));
}

static int get_metrics(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;

    return metrics_get(call, api->units);
}

static void on_restarted(const char *error, void *userdata)
{
    struct unbox_ipc_call *call = userdata;

    if (error)
        (void)unbox_ipc_reply_error(call, RESTART_FAILED, "%s", error);
    else
        (void)unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}

static int restart_service(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *service;
    struct unit *unit;
    int r;

    if (json_unpack(params, "{s:s !}", "service", &service) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"service\", a name");
    unit = units_find_shown(api->units, service);
    if (!unit)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_NOT_FOUND, "%s is none of the services that are watched", service);
    if (strcmp(unit->name, OWN_UNIT) == 0)
        return unbox_ipc_reply_error(
                call, RESTART_FAILED, "healthd would not live to answer: use systemctl");
    r = units_restart(api->units, unit, on_restarted, call);
    if (r < 0)
        return unbox_ipc_reply_error(
                call, RESTART_FAILED, "systemd can't be asked: %s", strerrordesc_np(-r));
    return 0;
}

static const struct unbox_ipc_method methods[] = {
        {"get_health", "Each service's state, or with {\"detail\":true} all about it.",
                UNBOX_IPC_READ, true, get_health},
        {"get_status", "All services, what was applied, the last events, and the device's name.",
                UNBOX_IPC_READ, true, get_status},
        {"get_system", "What the device is, what runs on it, and how full and warm it is.",
                UNBOX_IPC_READ, true, api_get_system},
        {"get_metrics",
                "What the device and each service use: memory, processor, tasks, disk, heat.",
                UNBOX_IPC_READ, true, get_metrics},
        {"get_logs",
                "The last entries of {\"unit\"} in the journal: {\"lines\"}, {\"since\"} a time, "
                "of "
                "{\"priority\"} 0 to 7.",
                UNBOX_IPC_READ, true, api_get_logs},
        {"diagnostics", "All that helps to see what is wrong, in one document without secrets.",
                UNBOX_IPC_READ, true, api_diagnostics},
        {"restart_service", "Restarts {\"service\"}, and answers when that is done.",
                UNBOX_IPC_OPERATE, true, restart_service},
        {"apply_config",
                "Installs the product's {\"section\"}; it goes back unless confirmed in "
                "{\"confirm_within\"} s.",
                UNBOX_IPC_ADMIN, false, api_apply_config},
        {"confirm_config", "Keeps the {\"section\"} that was applied.", UNBOX_IPC_ADMIN, false,
                api_confirm_config},
        {"factory_reset", "Forgets the customer and reboots.", UNBOX_IPC_ADMIN, true,
                api_factory_reset},
        {"reboot", "Shuts the device down and starts it again.", UNBOX_IPC_ADMIN, true, api_reboot},
        {"publish", "Publishes an event: {\"topic\", \"data\"}.", UNBOX_IPC_READ, false,
                api_publish},
        {"register_service",
                "Registers the caller's unit: name, version, description, endpoint, capabilities, "
                "topics, tab.",
                UNBOX_IPC_READ, true, api_register_service},
        {"unregister_service", "Takes {\"name\"} out of the registry.", UNBOX_IPC_READ, true,
                api_unregister_service},
        {"list_services", "All registered services.", UNBOX_IPC_READ, true, api_list_services},
        {"discover", "The registered service {\"name\"}.", UNBOX_IPC_READ, true, api_discover},
        {"queue_send", "Leaves {\"message\"} in {\"queue\"} until it is acknowledged.",
                UNBOX_IPC_OPERATE, false, api_queue_send},
        {"queue_receive", "The next message of {\"queue\"}, waiting {\"wait\"} seconds for it.",
                UNBOX_IPC_OPERATE, false, api_queue_receive},
        {"queue_ack", "Done with message {\"id\"} of {\"queue\"}.", UNBOX_IPC_OPERATE, false,
                api_queue_ack},
        {},
};

static const struct unbox_ipc_topic topics[] = {
        {"health.changed", "A service's state is another.", false},
        {"health.*", "What happened to a service, and what healthd did about it.", true},
        {"config.*", "A section was applied, went back, or has drifted.", true},
        {"registry.*", "A service was registered, or has gone.", false},
        {"*", "What others publish.", false},
        {},
};

static void begin_replay(struct unbox_ipc_replay *replay, uint64_t since, void *userdata)
{
    bus_replay_begin(((struct api *)userdata)->bus, replay, since);
}

static void cancel_replay(struct unbox_ipc_replay *replay, void *userdata)
{
    bus_replay_cancel(((struct api *)userdata)->bus, replay);
}

static const struct unbox_ipc_history history = {begin_replay, cancel_replay};

int api_serve(sd_event *event, struct api *api, struct unbox_ipc_server **ret)
{
    const struct unbox_ipc_server_options options = {
            .path = API_PATH,
            .name = "healthd",
            .version = PROJECT_VERSION,
            .description = "Watches the device's services and restarts what fails.",
            .methods = methods,
            .audit = unbox_log_call,
            .userdata = api,
            .topics = topics,
            .history = &history,
            .first_seq = bus_last_seq(api->bus),
            .clients_max = CLIENTS_MAX,
    };
    int r;

    api->event = event;
    r = unbox_ipc_server_new(event, &options, ret);
    if (r < 0)
        return r;
    bus_set_server(api->bus, *ret);
    r = unbox_ipc_server_listen_inherited(*ret);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "A socket that systemd passed is not served");
    return 0;
}

void api_done(struct api *api)
{
    api_stop_reading(api);
    diagnostics_free(api->diagnostics);
}
