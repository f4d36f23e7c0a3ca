/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Health and System tabs' parts of the API: healthd knows, and does. */

#include <string.h>
#include <time.h>

#include "api.h"

/* Whether this process answers; what the other services do is in /api/v1/health. */
int api_alive(struct http_request *request, void *userdata)
{
    char timestamp[sizeof("2038-01-19T03:14:07Z")];
    time_t now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(timestamp, sizeof(timestamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return http_respond_json(
            request, 200, json_pack("{ss ss}", "status", "healthy", "timestamp", timestamp));
}

int api_health_status(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->health, request, "get_status", NULL, peer_pass, NULL);
}

int api_health_restart(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *service;
    int r;

    r = api_body(request, &body, "{s:s!}", "service", &service);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "restart a service");
    return peer_ask(api->health, request, "restart_service", STEAL(body), peer_accept, NULL);
}

static int respond_system(struct http_request *request, json_t *hostname)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return http_respond_json(request, 200,
            json_pack("{sO? ss sI}", "hostname", hostname, "version", PROJECT_VERSION,
                    "uptime_seconds", (json_int_t)up.tv_sec));
}

static int on_network_status(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return respond_system(request, json_object_get(answer->result, "hostname"));
}

static int on_health_status(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    json_t *hostname = json_object_get(answer->result, "hostname");

    if (json_is_string(hostname))
        return respond_system(request, hostname);
    return peer_ask(api->network, request, "status", NULL, on_network_status, NULL);
}

/* The hostname is asked for: under ProtectHostname= a running process keeps the one that it started
 * with. Either of the two may be away; a system without a name is still shown. */
int api_system_status(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->health, request, "get_status", NULL, on_health_status, api);
}

static int on_hostname_to_confirm(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *confirm, *hostname;
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    r = api_body(request, &body, "{s:s!}", "confirm", &confirm);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    hostname = json_string_value(json_object_get(answer->result, "hostname"));
    if (!hostname || strcasecmp(hostname, confirm) != 0)
        return http_respond_problem(request, 422, "not_confirmed", NULL,
                "To confirm, type the name of this device: %s", hostname ? hostname : "unknown");
    api_log_change(request, "reset this device to its factory state");
    return peer_ask(api->health, request, "factory_reset", NULL, peer_accept, NULL);
}

int api_system_factory_reset(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *confirm;
    int r;

    r = api_body(request, &body, "{s:s!}", "confirm", &confirm);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    return peer_ask(api->health, request, "get_status", NULL, on_hostname_to_confirm, api);
}
