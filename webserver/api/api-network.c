/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Network tab's part of the API: everything is user-network's to know and to do. */

#include "api.h"

/* As user-network has it, and openapi.json says. */
#define PRIORITY_MAX 999

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

static int refuse_name(struct http_request *request)
{
    return http_respond_problem(request, 422, "invalid_params", NULL,
            "The network is named by either ssid or ssid_hex.");
}

static bool is_priority(json_int_t number)
{
    return number >= 0 && number <= PRIORITY_MAX;
}

static int refuse_priority(struct http_request *request)
{
    return http_respond_problem(request, 422, "invalid_params", NULL,
            "A priority is a number from 0 to %d.", PRIORITY_MAX);
}

/* Without a name, all. */
int api_network_forget(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *ssid = NULL, *ssid_hex = NULL;
    int r;

    r = api_body(request, &body, "{s?s, s?s!}", "ssid", &ssid, "ssid_hex", &ssid_hex);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (ssid && ssid_hex)
        return refuse_name(request);
    api_log_change(
            request, ssid || ssid_hex ? "forget a saved network" : "forget the saved networks");
    return peer_ask(
            api->network, request, "forget", STEAL(body), PEER_SOON_USEC, peer_accept, NULL);
}

int api_network_priority(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *ssid = NULL, *ssid_hex = NULL;
    json_int_t priority;
    int r;

    r = api_body(request, &body, "{s?s, s?s, s:I!}", "ssid", &ssid, "ssid_hex", &ssid_hex,
            "priority", &priority);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (!ssid == !ssid_hex)
        return refuse_name(request);
    if (!is_priority(priority))
        return refuse_priority(request);
    api_log_change(request, "change the order of the saved networks");
    return peer_ask(
            api->network, request, "set_priority", STEAL(body), PEER_SOON_USEC, peer_accept, NULL);
}

/* What a network may need is user-network's to know (connect-request.h), and to refuse. */
int api_network_connect(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    const char *ssid = NULL, *ssid_hex = NULL, *text;
    json_int_t priority = 0;
    int hidden, r;
    json_t *dns;

    r = api_body(request, &body,
            "{s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?s, s?o, s?b, s?I!}",
            "ssid", &ssid, "ssid_hex", &ssid_hex, "password", &text, "security", &text, "identity",
            &text, "anonymous_identity", &text, "domain", &text, "ca_certificate", &text,
            "client_certificate", &text, "client_key", &text, "client_key_password", &text,
            "address", &text, "gateway", &text, "dns", &dns, "hidden", &hidden, "priority",
            &priority);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (!ssid == !ssid_hex)
        return refuse_name(request);
    if (!is_priority(priority))
        return refuse_priority(request);
    return api_job_join(request, userdata);
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
