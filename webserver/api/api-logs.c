/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a service has said: healthd reads the journal, of those that it watches. */

#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "api.h"

#define LINES_MAX 200

/* A number of the query, if it is there. 0, or -EINVAL: it is none from `min` to `max`. */
static int query_number(
        struct http_request *request, const char *name, long min, long max, json_t *params)
{
    const char *text = http_request_query(request, name);
    char *end;
    long value;

    if (!text)
        return 0;
    errno = 0;
    value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end || value < min || value > max)
        return -EINVAL;
    return json_object_set_new(params, name, json_integer(value)) < 0 ? -ENOMEM : 0;
}

int api_health_logs(struct http_request *request, void *userdata)
{
    const char *unit = http_request_query(request, "unit");
    struct api *api = userdata;
    _cleanup_json_ json_t *params = json_object();

    if (!unit || json_object_set_new(params, "unit", json_string(unit)) < 0)
        return http_respond_problem(
                request, 422, "invalid_params", NULL, "The name of a unit is wanted.");
    if (query_number(request, "lines", 1, LINES_MAX, params) < 0)
        return http_respond_problem(
                request, 422, "invalid_params", NULL, "\"lines\" is from 1 to %d.", LINES_MAX);
    if (query_number(request, "priority", LOG_EMERG, LOG_DEBUG, params) < 0)
        return http_respond_problem(
                request, 422, "invalid_params", NULL, "\"priority\" is from 0 to 7.");
    return peer_ask(
            api->health, request, "get_logs", STEAL(params), PEER_LONG_USEC, peer_pass, NULL);
}
