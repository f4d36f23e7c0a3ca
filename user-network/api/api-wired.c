/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What others may ask about the wire. What comes in is checked here, and nowhere trusted. */

#include "api-wired.h"

#include <string.h>

#include "network-wire.h"
#include "unbox/log.h"

int api_wired(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_t *wired = network_wire_to_json(userdata);

    return wired ? unbox_ipc_reply(call, wired) : -ENOMEM;
}

/* NULL when the parameters are fine; *ret_static tells whether `ret` was filled. */
static const char *read_wired(json_t *params, struct wired_settings *ret, bool *ret_static)
{
    const char *method = json_string_value(json_object_get(params, "method"));

    if (!method || (strcmp(method, "dhcp") != 0 && strcmp(method, "static") != 0))
        return "\"method\" must be dhcp or static.";
    *ret_static = strcmp(method, "static") == 0;
    return *ret_static ? wired_settings_from_json(params, ret) : NULL;
}

int api_set_wired(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    struct wired_settings settings;
    const char *wrong;
    bool fixed = false;
    json_t *answer;
    int r;

    wrong = read_wired(params, &settings, &fixed);
    if (wrong)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    r = network_set_wire(network, fixed ? &settings : NULL);
    if (r == -EBUSY)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "The device is busy with another change; wait for it.");
    if (r == -ENOTCONN)
        return unbox_ipc_reply_error(call, "NOT_READY", "There is no cable, or no NetworkManager.");
    if (r == -ENOPKG)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "netplan is not installed.");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the wire can't be changed");
    answer = json_pack("{s:b,s:o}", "accepted", 1, "confirm_within",
            fixed ? json_integer(WIRED_CONFIRM_USEC / USEC_PER_SEC) : json_null());
    return answer ? unbox_ipc_reply(call, answer) : -ENOMEM;
}

int api_confirm_wired(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    json_t *address = json_object_get(params, "address");
    json_t *answer;
    int r;

    if (address && !json_is_string(address) && !json_is_null(address))
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "The address must be text.");
    r = wired_confirm(network->wired, json_string_value(address));
    if (r == -ENOENT)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_NOT_FOUND, "No change of the cable's connection waits for this.");
    if (r == -EAGAIN)
        return unbox_ipc_reply_error(call, "NOT_READY", "The new address isn't up yet; try again.");
    if (r == -EADDRNOTAVAIL)
        return unbox_ipc_reply_error(call, "WRONG_ADDRESS",
                "It has to be confirmed over the new address: open the page there.");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the wire's new address can't be kept");
    answer = json_pack("{s:b}", "confirmed", 1);
    return answer ? unbox_ipc_reply(call, answer) : -ENOMEM;
}
