/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of /run/unbox/healthd.sock. */

#include "api.h"

#include <stdio.h>
#include <string.h>

#include "api-apply.h"
#include "system.h"
#include "unbox/log.h"
#include "unbox/messages.h"

#define RESTART_FAILED "RESTART_FAILED"
#define OWN_UNIT "healthd.service"
#define RESET_UNIT "factory-reset.service"

static int reply(struct unbox_ipc_call *call, json_t *result)
{
    return result ? unbox_ipc_reply(call, result) : -ENOMEM;
}

static int get_health(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    int detail = 0;

    if (json_unpack(params, "{s?b !}", "detail", &detail) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"detail\", true or false");
    return reply(call, units_to_json(api->units, detail));
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

static int get_system(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return reply(call, system_to_json());
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

static void on_reset_queued(sd_bus_message *m, const char *error, void *userdata)
{
    struct unbox_ipc_call *call = userdata;

    if (error) {
        unbox_log(LOG_ERR, "systemd does not begin the factory reset: %s", error);
        (void)unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "%s", error);
        return;
    }
    (void)unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}

/* Once the job is queued systemd sees it through; the reboot may be faster than a later answer. */
static int factory_reset(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    int r;

    r = systemd1_start_unit(units_systemd1(api->units), RESET_UNIT, on_reset_queued, call);
    if (r < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INTERNAL_ERROR, "systemd can't be asked: %s", strerrordesc_np(-r));
    return 0;
}

static const struct unbox_ipc_method methods[] = {
        {"get_health", "Each service's state, or with {\"detail\":true} all about it.",
                UNBOX_IPC_READ, true, get_health},
        {"get_status", "All services, what was applied, the last events, and the device's name.",
                UNBOX_IPC_READ, true, get_status},
        {"get_system", "Name, version, kernel and operating system of the device.", UNBOX_IPC_READ,
                true, get_system},
        {"restart_service", "Restarts {\"service\"}, and answers when that is done.",
                UNBOX_IPC_OPERATE, true, restart_service},
        {"apply_config",
                "Installs the product's {\"section\"}; it goes back unless confirmed in "
                "{\"confirm_within\"} s.",
                UNBOX_IPC_ADMIN, false, api_apply_config},
        {"confirm_config", "Keeps the {\"section\"} that was applied.", UNBOX_IPC_ADMIN, false,
                api_confirm_config},
        {"factory_reset", "Forgets the customer and reboots.", UNBOX_IPC_ADMIN, true,
                factory_reset},
        {},
};

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
    };

    return unbox_ipc_server_new(event, &options, ret);
}
