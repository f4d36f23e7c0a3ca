/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The methods of /run/unbox/user-network.sock. What comes in is checked here, and nowhere trusted.
 */

#include "api.h"

#include <stdio.h>
#include <string.h>

#include "api-hotspot.h"
#include "api-page.h"
#include "api-wired.h"
#include "connect-request.h"
#include "network-scan.h"
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

    network_look_air(network);
    return reply_json(call, status_networks_to_json(network, network_now(network)));
}

static int on_scan(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;

    if (network_scan(network) < 0)
        return unbox_ipc_reply_error(call, "NOT_READY", "The radio cannot scan now.");
    /* What was seen a moment ago is not asked for again. */
    return reply_json(call, json_pack("{s:b}", "scanning", network->scan_started != 0));
}

static int reply_busy(struct unbox_ipc_call *call)
{
    return unbox_ipc_reply_error(
            call, UNBOX_IPC_BUSY, "The device is busy with another change; wait for it.");
}

/* Why a join was not begun. */
static int refuse_connect(struct unbox_ipc_call *call, struct network *network, int error)
{
    saved_tidy(network->saved);
    if (error == -EBUSY)
        return reply_busy(call);
    if (error == -ENOTCONN)
        return unbox_ipc_reply_error(call, "NOT_READY", "%s",
                network->verdict.message ?: "The radio is off or not ready.");
    if (error == -ENOPKG)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INTERNAL_ERROR, "netplan is not installed.");
    if (error == -ENOSPC)
        return unbox_ipc_reply_error(call, "TOO_MANY",
                "The device has no room for another network; forget one that you don't need.");
    return unbox_log_errno(LOG_ERR, error, "a join can't be started");
}

static int on_connect(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct network *network = userdata;
    struct wifi_network wanted = {};
    const char *wrong;
    struct ssid ssid;
    int r = 0;

    /* Before anything is kept for it on the disk. */
    if (network_changing(network))
        return reply_busy(call);
    wrong = connect_request_ssid(params, &ssid);
    if (!wrong)
        wrong = connect_request_read(
                params, network->paths, &network->air, saved_find(network->saved, &ssid), &wanted);
    if (!wrong)
        wrong = nm_check_certificates(&wanted);
    if (!wrong)
        r = network_join(network, &wanted);
    wifi_network_erase(&wanted);
    if (wrong) {
        saved_tidy(network->saved);
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    }
    if (r < 0)
        return refuse_connect(call, network, r);
    return reply_json(call, json_pack("{s:b}", "accepted", 1));
}

static int reply_unknown(struct unbox_ipc_call *call)
{
    return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND, "This network is not saved.");
}

/* The end of a change to what is saved that was begun, or not. */
static int reply_change(struct unbox_ipc_call *call, int error)
{
    if (error == -EBUSY)
        return reply_busy(call);
    if (error == -ENOTCONN)
        return unbox_ipc_reply_error(call, "NOT_READY", "NetworkManager is not running.");
    if (error < 0)
        return unbox_log_errno(LOG_ERR, error, "the saved networks can't be changed");
    return reply_json(call, json_pack("{s:b}", "accepted", 1));
}

static int on_forget(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    bool all = !json_object_get(params, "ssid") && !json_object_get(params, "ssid_hex");
    struct network *network = userdata;
    struct ssid ssid;
    const char *wrong;

    if (!saved_first(network->saved))
        return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND, "No network is saved.");
    wrong = all ? NULL : connect_request_ssid(params, &ssid);
    if (wrong)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    if (!all && !saved_find(network->saved, &ssid))
        return reply_unknown(call);
    return reply_change(call, network_forget(network, all ? NULL : &ssid));
}

static int on_reset(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return reply_change(call, network_reset(userdata));
}

static int on_set_priority(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_t *priority = json_object_get(params, "priority");
    struct network *network = userdata;
    const char *wrong;
    struct ssid ssid;

    wrong = connect_request_ssid(params, &ssid);
    if (!wrong && (!json_is_integer(priority) || json_integer_value(priority) < 0 ||
                          json_integer_value(priority) > PRIORITY_MAX))
        wrong = "A priority is a number from 0 to 999.";
    if (wrong)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    if (!saved_find(network->saved, &ssid))
        return reply_unknown(call);
    return reply_change(
            call, network_set_priority(network, &ssid, (int)json_integer_value(priority)));
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
        {"networks", "The networks in the air, the strongest first, and those that are saved.",
                UNBOX_IPC_READ, true, on_networks},
        {"scan", "Looks for networks again.", UNBOX_IPC_OPERATE, true, on_scan},
        {"connect",
                "Joins a network and saves it: connect-request.h lists the parameters. One that is "
                "saved needs no more than its name. The verdict is in status.",
                UNBOX_IPC_OPERATE, true, on_connect},
        {"forget", "Forgets a saved network: ssid or ssid_hex; without either, all.",
                UNBOX_IPC_OPERATE, true, on_forget},
        {"reset",
                "Forgets all that was set: the saved networks, the wire's address, the country, "
                "the radio's switch.",
                UNBOX_IPC_OPERATE, true, on_reset},
        {"set_priority", "Of several saved networks in reach the highest wins: ssid, priority.",
                UNBOX_IPC_OPERATE, true, on_set_priority},
        {"radio", "Turns the radio on or off, for good: enabled.", UNBOX_IPC_OPERATE, true,
                on_radio},
        {"hotspot", "Opens the hotspot with nothing forgotten, or closes it: enabled.",
                UNBOX_IPC_OPERATE, true, api_hotspot},
        {"hotspot_label",
                "Name and password of the hotspot, and its QR code: its text, and an SVG.",
                UNBOX_IPC_OPERATE, true, api_hotspot_label},
        {"page_label",
                "Where the page is, or will be in the next network, and its QR code as an SVG.",
                UNBOX_IPC_READ, true, api_page_label},
        {"country", "Says in which country the radio is: code, or \"\" for the factory's word.",
                UNBOX_IPC_OPERATE, true, api_country},
        {"wired", "The wire: how it is set up, and what waits to be confirmed.", UNBOX_IPC_READ,
                true, api_wired},
        {"set_wired",
                "Sets the wire up: method dhcp, or static with address (192.0.2.7/24), gateway, "
                "dns.",
                UNBOX_IPC_OPERATE, true, api_set_wired},
        {"confirm_wired", "Keeps a fixed address: address, the one it is confirmed over.",
                UNBOX_IPC_OPERATE, true, api_confirm_wired},
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
            .topics = tell_topics,
            .audit = unbox_log_call,
            .userdata = network,
            .request_max = UNBOX_IPC_LINE_MAX,
    };

    return unbox_ipc_server_new(event, &options, ret);
}
