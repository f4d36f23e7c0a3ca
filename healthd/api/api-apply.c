/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* apply_config and confirm_config: what is asked for, and how it ended. */

#include "api-apply.h"

#include "api.h"

static void on_applied(const char *code, const char *message, const char *restarted, void *userdata)
{
    struct unbox_ipc_call *call = userdata;
    json_t *units;

    if (code) {
        (void)unbox_ipc_reply_error(call, code, "%s", message);
        return;
    }
    units = restarted ? json_pack("[s]", restarted) : json_array();
    (void)unbox_ipc_reply(call, json_pack("{s:b, s:o}", "ok", 1, "restarted", units));
}

int api_apply_config(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    json_int_t confirm_within = 0;
    const char *section;

    if (json_unpack(
                params, "{s:s, s?I !}", "section", &section, "confirm_within", &confirm_within) < 0)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "the parameters are \"section\", a name, and perhaps \"confirm_within\", seconds");
    if (json_object_get(params, "confirm_within") &&
            (confirm_within < 1 || confirm_within > APPLY_CONFIRM_MAX_SECONDS))
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "\"confirm_within\" must be from 1 to %d", APPLY_CONFIRM_MAX_SECONDS);
    apply_section(api->apply, section, confirm_within * USEC_PER_SEC, on_applied, call);
    return 0;
}

static void on_confirmed(
        const char *code, const char *message, const char *restarted, void *userdata)
{
    struct unbox_ipc_call *call = userdata;

    if (code)
        (void)unbox_ipc_reply_error(call, code, "%s", message);
    else
        (void)unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}

int api_confirm_config(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *section;

    if (json_unpack(params, "{s:s !}", "section", &section) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "the only parameter is \"section\", a name");
    apply_confirm(api->apply, section, on_confirmed, call);
    return 0;
}
