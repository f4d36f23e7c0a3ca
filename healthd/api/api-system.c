/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the device is, what is wrong with it, and its ends: the reboot and the factory reset. */

#include <string.h>

#include "api.h"
#include "diagnostics.h"
#include "system.h"
#include "unbox/log.h"

#define RESET_UNIT "factory-reset.service"

static void on_synchronised(enum timedate_synchronised synchronised, void *userdata)
{
    struct unbox_ipc_call *call = userdata;
    json_t *system = system_to_json(synchronised);

    if (system)
        (void)unbox_ipc_reply(call, system);
    else
        (void)unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "out of memory");
}

int api_get_system(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;

    timedate_ask(&api->timedate, systemd1_bus(units_systemd1(api->units)), on_synchronised, call);
    return 0;
}

/* One at a time: it reads the whole journal, and it takes a while. */
int api_diagnostics(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;

    if (api->diagnostics)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "diagnostics are being gathered already; try again later");
    return diagnostics_begin(api, call);
}

static void on_queued(sd_bus_message *m, const char *error, void *userdata)
{
    struct unbox_ipc_call *call = userdata;

    if (error) {
        unbox_log(LOG_ERR, "systemd does not begin what %s wants: %s", unbox_ipc_call_method(call),
                error);
        (void)unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "%s", error);
        return;
    }
    (void)unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}

static int queued(struct unbox_ipc_call *call, int r)
{
    if (r < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INTERNAL_ERROR, "systemd can't be asked: %s", strerrordesc_np(-r));
    return 0;
}

/* Once the job is queued systemd sees it through; the reboot may be faster than a later answer. */
int api_factory_reset(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;

    return queued(
            call, systemd1_start_unit(units_systemd1(api->units), RESET_UNIT, on_queued, call));
}

int api_reboot(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;

    return queued(call, systemd1_reboot(units_systemd1(api->units), on_queued, call));
}
