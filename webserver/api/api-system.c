/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Health and System tabs' parts of the API: healthd knows, and does. */

#include <string.h>
#include <time.h>

#include "api.h"

#define FILE_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

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

    return peer_ask(api->health, request, "get_status", NULL, PEER_SOON_USEC, peer_pass, NULL);
}

/* What this process can tell without healthd: under ProtectHostname= it doesn't know the present
 * name of the device, but user-network does. */
static int on_network_status(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct timespec up;

    clock_gettime(CLOCK_BOOTTIME, &up);
    return http_respond_json(request, 200,
            json_pack("{sO? ss sI}", "hostname", json_object_get(answer->result, "hostname"),
                    "version", PROJECT_VERSION, "uptime_seconds", (json_int_t)up.tv_sec));
}

static int on_system(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;

    if (answer->error == 0)
        return http_respond_json(request, 200, json_incref(answer->result));
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_network_status, NULL);
}

int api_system_status(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->health, request, "get_system", NULL, PEER_SOON_USEC, on_system, api);
}

/* A browser keeps it as a file, of a name that doesn't lose its device. */
int api_give_diagnostics(struct http_request *request, json_t *diagnostics)
{
    json_t *system = json_object_get(diagnostics, "system");
    const char *hostname = json_string_value(json_object_get(system, "hostname"));
    char disposition[128];
    int r;

    snprintf(disposition, sizeof(disposition), "attachment; filename=\"diagnostics-%.*s.json\"",
            hostname ? (int)strspn(hostname, FILE_NAME_CHARACTERS) : 0, hostname ?: "");
    r = http_request_add_header(request, "Content-Disposition", disposition);
    return r < 0 ? r : http_respond_json(request, 200, json_incref(diagnostics));
}

static int on_diagnostics(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return answer->error < 0 ? peer_respond_problem(request, answer)
                             : api_give_diagnostics(request, answer->result);
}

int api_system_diagnostics_file(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(
            api->health, request, "diagnostics", NULL, PEER_DONE_USEC, on_diagnostics, NULL);
}

int api_system_reboot(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    int r;

    r = api_body(request, &body, "{!}");
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "restart this device");
    return peer_ask(api->health, request, "reboot", NULL, PEER_SOON_USEC, peer_accept, NULL);
}

bool api_is_confirmed(const json_t *system, const char *typed)
{
    const char *hostname = json_string_value(json_object_get(system, "hostname"));

    return hostname && strcasecmp(hostname, typed) == 0;
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
    if (!api_is_confirmed(answer->result, confirm))
        return http_respond_problem(request, 422, "not_confirmed", NULL,
                "To confirm, type the name of this device: %s", hostname ? hostname : "unknown");
    api_log_change(request, "reset this device to its factory state");
    return peer_ask(api->health, request, "factory_reset", NULL, PEER_SOON_USEC, peer_accept, NULL);
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
    return peer_ask(
            api->health, request, "get_system", NULL, PEER_SOON_USEC, on_hostname_to_confirm, api);
}
