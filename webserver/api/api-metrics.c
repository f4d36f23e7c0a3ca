/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * /metrics: never slow. What healthd has said is good for some seconds; asked again, it has a
 * moment to answer, and then what is known is told, with its age.
 */

#include <string.h>

#include "api.h"
#include "metrics.h"

#define FRESH_USEC (5 * USEC_PER_SEC)
#define ASK_USEC (300 * USEC_PER_MSEC)
/* Older than this it would mislead. */
#define OLD_USEC (60 * USEC_PER_SEC)

static int respond(struct http_request *request, struct api *api, bool up)
{
    const struct api_numbers *numbers = &api->numbers;
    uint64_t age_usec = auth_now(&api->auth) - numbers->usec;
    bool known = numbers->usage && age_usec < OLD_USEC;
    const struct metrics metrics = {
            .usage = known ? numbers->usage : NULL,
            .health = known ? numbers->health : NULL,
            .age_usec = age_usec,
            .up = up,
            .connections = api->connections,
            .streams = events_streams(api->events),
    };
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = metrics_format(&metrics, &text, &size);
    if (r == 0)
        r = http_request_add_header(request, "Cache-Control", "no-store");
    if (r < 0)
        return r;
    return http_respond_data(request, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

static void keep(json_t **kept, json_t *said)
{
    json_decref(*kept);
    *kept = json_incref(said);
}

static int on_health(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;

    if (answer->error < 0)
        return respond(request, api, false);
    keep(&api->numbers.health, answer->result);
    return respond(request, api, true);
}

static int on_usage(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;

    if (answer->error < 0)
        return respond(request, api, false);
    keep(&api->numbers.usage, answer->result);
    api->numbers.usec = auth_now(&api->auth);
    return peer_ask(api->health, request, "get_health", NULL, ASK_USEC, on_health, api);
}

int api_metrics(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    if (api->numbers.usage && auth_now(&api->auth) < api->numbers.usec + FRESH_USEC)
        return respond(request, api, true);
    return peer_ask(api->health, request, "get_metrics", NULL, ASK_USEC, on_usage, api);
}

void api_numbers_done(struct api_numbers *numbers)
{
    json_decref(numbers->usage);
    json_decref(numbers->health);
    *numbers = (struct api_numbers){};
}
