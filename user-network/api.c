/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of /run/unbox/user-network.sock. What comes in is checked here, and nowhere trusted.
 */

#include "api.h"

#include <stdio.h>
#include <string.h>

#include "status.h"
#include "unbox/log.h"
#include "unbox/messages.h"

static int reply_json(struct unbox_ipc_call *call, json_t *result)
{
    return result ? unbox_ipc_reply(call, result) : -ENOMEM;
}

static int on_status(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return reply_json(call, status_to_json(userdata, network_now(userdata)));
}

static int on_networks(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;

    nm_look_air(network->nm, &network->hotspot_ssid, &network->air);
    return reply_json(call, status_networks_to_json(network, network_now(network)));
}

static int on_scan(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    if (network_scan(userdata) < 0)
        return unbox_ipc_reply_error(call, "NOT_READY", "The radio cannot scan now.");
    return reply_json(call, json_pack("{s:b}", "scanning", 1));
}

/* NULL when the name is fine, otherwise what is wrong with it. */
static const char *read_ssid(json_t *params, struct ssid *ret)
{
    json_t *text = json_object_get(params, "ssid");
    json_t *hex = json_object_get(params, "ssid_hex");
    int r;

    if (json_is_string(hex))
        r = ssid_from_hex(json_string_value(hex), ret);
    else if (json_is_string(text))
        r = ssid_from_bytes(json_string_value(text), json_string_length(text), ret);
    else
        return "Say which network: \"ssid\" or \"ssid_hex\".";
    if (r < 0)
        return "The name of a network has 1 to 32 bytes.";
    if (!ssid_is_text(ret))
        return "This device cannot join a network whose name is not UTF-8 text or has a NUL in it.";
    return NULL;
}

/* Whether password and network fit together; `seen` may be NULL. NULL when they do. */
static const char *check_security(const struct scan_entry *seen, const char *password)
{
    if (!seen)
        return NULL;
    if (seen->security == SECURITY_ENTERPRISE || seen->security == SECURITY_WEP ||
            seen->security == SECURITY_OWE)
        return "This device cannot join networks with this kind of security.";
    if (security_is_psk(seen->security) && !*password)
        return "This network needs a password.";
    if (!security_is_psk(seen->security) && *password)
        return "This network is open: leave the password empty.";
    return NULL;
}

static const char *read_network(struct network *network, json_t *params, struct wifi_network *ret)
{
    json_t *password = json_object_get(params, "password");
    const char *wrong;
    size_t size;

    *ret = (struct wifi_network){.hidden = json_is_true(json_object_get(params, "hidden"))};
    wrong = read_ssid(params, &ret->ssid);
    if (wrong)
        return wrong;
    if (password && !json_is_string(password) && !json_is_null(password))
        return "The password must be text.";
    size = json_string_length(password);
    if (size > 0) {
        wrong = psk_check(json_string_value(password), size);
        if (wrong)
            return wrong;
        memcpy(ret->psk, json_string_value(password), size);
    }
    return check_security(scan_list_find(&network->air, &ret->ssid), ret->psk);
}

static int on_connect(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    struct wifi_network wanted;
    const char *wrong;
    int r;

    wrong = read_network(network, params, &wanted);
    if (wrong) {
        explicit_bzero(&wanted, sizeof(wanted));
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    }
    r = network_join(network, &wanted);
    explicit_bzero(&wanted, sizeof(wanted));
    if (r == -EBUSY)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "The device is busy with another change; wait for it.");
    if (r == -ENOTCONN)
        return unbox_ipc_reply_error(call, "NOT_READY", "The radio is off or not ready.");
    if (r == -ENOENT)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "netplan is not installed.");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "a join can't be started");
    return reply_json(call, json_pack("{s:b}", "accepted", 1));
}

static int on_forget(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    int r;

    if (!saved_network(network->saved))
        return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND, "No network is saved.");
    r = network_forget(network);
    if (r == -EBUSY)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "The device is busy with another change; wait for it.");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the network can't be forgotten");
    return reply_json(call, json_pack("{s:b}", "accepted", 1));
}

static int on_radio(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_t *enabled = json_object_get(params, "enabled");
    int r;

    if (!json_is_boolean(enabled))
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "\"enabled\" must be true or false.");
    r = network_switch_radio(userdata, json_is_true(enabled));
    if (r == -EBUSY)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_BUSY, "The device is joining a network; wait for it.");
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the customer's wish for the radio can't be kept");
    return reply_json(call, json_pack("{s:b}", "enabled", json_is_true(enabled)));
}

static const struct unbox_ipc_method methods[] = {
        {"status", "What the network is doing, in one object.", UNBOX_IPC_READ, true, on_status},
        {"networks", "The networks in the air, the strongest first.", UNBOX_IPC_READ, true,
                on_networks},
        {"scan", "Looks for networks again.", UNBOX_IPC_OPERATE, true, on_scan},
        {"connect",
                "Joins a network: ssid or ssid_hex, password, hidden. The verdict is in status.",
                UNBOX_IPC_OPERATE, true, on_connect},
        {"forget", "Forgets the saved network.", UNBOX_IPC_OPERATE, true, on_forget},
        {"radio", "Turns the radio on or off, for good: enabled.", UNBOX_IPC_OPERATE, true,
                on_radio},
        {},
};

int api_new(sd_event *event, struct network *network, struct unbox_ipc_server **ret)
{
    struct unbox_ipc_server_options options = {
            .path = network->paths->socket,
            .name = "user-network",
            .version = PROJECT_VERSION,
            .description = "Hotspot, scan, and the customer's network",
            .methods = methods,
            .audit = unbox_log_call,
            .userdata = network,
    };

    return unbox_ipc_server_new(event, &options, ret);
}
