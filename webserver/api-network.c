/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Network tab's part of the API: everything is user-network's to know and to do. */

#include "api.h"

int api_network_status(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, peer_pass, NULL);
}

int api_network_list(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "networks", NULL, PEER_SOON_USEC, peer_pass, NULL);
}

/* A change without parameters. */
static int ask_plainly(
        struct http_request *request, struct api *api, const char *method, const char *what)
{
    _cleanup_json_ json_t *body = NULL;
    int r;

    r = api_body(request, &body, "{!}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, what);
    return peer_ask(api->network, request, method, NULL, PEER_SOON_USEC, peer_accept, NULL);
}

int api_network_scan(struct http_request *request, void *userdata)
{
    return ask_plainly(request, userdata, "scan", "look for networks");
}

int api_network_forget(struct http_request *request, void *userdata)
{
    return ask_plainly(request, userdata, "forget", "forget the saved network");
}

int api_network_connect(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *ssid = NULL, *ssid_hex = NULL, *password = NULL;
    int hidden = 0;
    int r;

    r = api_body(request, &body, "{s?s, s?s, s?s, s?b!}", "ssid", &ssid, "ssid_hex", &ssid_hex,
            "password", &password, "hidden", &hidden);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (!ssid == !ssid_hex)
        return http_respond_problem(request, 422, "invalid_params", NULL,
                "The network is named by either ssid or ssid_hex.");
    api_log_change(request, "join a network");
    return peer_ask(
            api->network, request, "connect", STEAL(body), PEER_SOON_USEC, peer_accept, NULL);
}

int api_network_radio(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    int enabled, r;

    r = api_body(request, &body, "{s:b!}", "enabled", &enabled);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, enabled ? "switch the radio on" : "switch the radio off");
    return peer_ask(api->network, request, "radio", STEAL(body), PEER_SOON_USEC, peer_pass, NULL);
}
