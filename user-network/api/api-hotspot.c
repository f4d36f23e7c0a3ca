/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Hotspot and country over IPC. The password is never in `status`, which everybody may read and
 * which goes into diagnostics: who needs it asks for the label. */

#include "api-hotspot.h"

#include "country-codes.h"
#include "network-hotspot.h"
#include "qr.h"
#include "unbox/log.h"

static int refuse(struct unbox_ipc_call *call, int error)
{
    switch (error) {
    case -EBUSY:
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "The device is joining a network; wait for it.");
    case -ENOTCONN:
        return unbox_ipc_reply_error(call, "NOT_READY", "The radio is off or not ready.");
    case -EOPNOTSUPP:
        return unbox_ipc_reply_error(call, "NO_ACCESS_POINT", "This radio can't open a hotspot.");
    case -EADDRINUSE:
        return unbox_ipc_reply_error(call, "ADDRESS_TAKEN",
                "The wire is in the network that the hotspot would use: unplug it first.");
    case -EPERM:
        return unbox_ipc_reply_error(call, "ONLY_WAY",
                "Without a saved network or a wire the hotspot is the only way to the device.");
    default:
        return unbox_log_errno(LOG_ERR, error, "the hotspot can't be requested");
    }
}

int api_hotspot(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_t *enabled = json_object_get(params, "enabled");
    int r;

    if (!json_is_boolean(enabled))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "\"enabled\" must be true or false.");
    r = network_request_hotspot(userdata, json_is_true(enabled));
    if (r < 0)
        return refuse(call, r);
    return unbox_ipc_reply(call, json_pack("{s:b}", "enabled", json_is_true(enabled)));
}

int api_hotspot_label(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    const struct network *network = userdata;
    _cleanup_free_ char *code = NULL, *svg = NULL;
    json_t *label;
    int r;

    r = hotspot_qr(&network->settings, &code);
    if (r >= 0)
        r = qr_svg(code, &svg);
    if (r < 0)
        return r;
    label = json_pack("{s:s,s:s,s:s,s:s}", "ssid", network->settings.ssid, "password",
            network->settings.password, "qr", code, "svg", svg);
    return label ? unbox_ipc_reply(call, label) : -ENOMEM;
}

int api_country(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    json_t *code = json_object_get(params, "code");
    int r;

    r = json_is_string(code) ? network_set_country(network, json_string_value(code)) : -EINVAL;
    if (r == -EINVAL)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "Nothing has changed: \"code\" must be empty, or " COUNTRY_CODE_WANTED ".");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the country can't be kept");
    return unbox_ipc_reply(call, json_pack("{s:s}", "code", country_code(network->country)));
}
