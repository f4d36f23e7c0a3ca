/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of the API, and what its handlers share. */

#include <stdarg.h>

#include "api.h"
#include "unbox/log.h"

const struct http_route api_routes[] = {
        {"GET", "/health", api_alive},
        {"GET", "/api/v1/network", api_network_status},
        {"GET", "/api/v1/network/networks", api_network_list},
        {"POST", "/api/v1/network/scan", api_network_scan, API_BODY_MAX},
        {"POST", "/api/v1/network/connect", api_network_connect, API_BODY_MAX},
        {"POST", "/api/v1/network/forget", api_network_forget, API_BODY_MAX},
        {"PUT", "/api/v1/network/radio", api_network_radio, API_BODY_MAX},
        {"GET", "/api/v1/health", api_health_status},
        {"POST", "/api/v1/health/restart", api_health_restart, API_BODY_MAX},
        {"GET", "/api/v1/system", api_system_status},
        {"POST", "/api/v1/system/factory-reset", api_system_factory_reset, API_BODY_MAX},
        {},
};

int api_body(struct http_request *request, json_t **ret, const char *format, ...)
{
    _cleanup_json_ json_t *body = NULL;
    json_error_t error;
    va_list args;
    int r;

    r = http_request_json(request, &body);
    if (r < 0)
        return r;
    va_start(args, format);
    r = json_vunpack_ex(body, &error, 0, format, args);
    va_end(args);
    if (r < 0) {
        r = http_respond_problem(request, 422, "invalid_params", NULL, "%s", error.text);
        return r < 0 ? r : -EBADMSG;
    }
    *ret = STEAL(body);
    return 0;
}

void api_log_change(const struct http_request *request, const char *what)
{
    unbox_log(LOG_INFO, "%s asks to %s", http_request_peer(request), what);
}
