/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * /api/v1/services: those that have registered, and what they say in their tabs. A service is asked
 * for its tab's values alone, and told to do nothing but what its tab offers.
 */

#include <stdio.h>
#include <string.h>

#include "api.h"

static int on_list(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    if (!json_is_array(answer->result))
        return http_respond_problem(request, 502, "bad_answer", NULL,
                "The health service gave an answer that makes no sense.");
    return http_respond_json(request, 200, json_pack("{sO}", "services", answer->result));
}

int api_services_list(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask_any(api->health, request, "list_services", NULL, PEER_SOON_USEC, on_list, NULL);
}

static int discover(struct http_request *request, struct api *api, peer_reply reply)
{
    json_t *params = json_pack("{ss}", "name", http_request_param(request, "name"));

    /* It is no UTF-8, and so nobody's name. */
    if (!params)
        return http_respond_problem(request, 404, "not_found", NULL, "There is no such service.");
    return peer_ask(api->health, request, "discover", params, PEER_SOON_USEC, reply, api);
}

int api_service_show(struct http_request *request, void *userdata)
{
    return discover(request, userdata, peer_pass);
}

static int on_found_to_show(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;
    const char *method;
    struct peer *peer;
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    method = json_string_value(json_object_get(json_object_get(answer->result, "tab"), "method"));
    if (!method)
        return http_respond_problem(
                request, 404, "not_found", NULL, "This service has nothing to show.");
    r = services_reach(api->services, request, answer->result, &peer);
    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(peer, request, method, NULL, PEER_SOON_USEC, peer_pass, NULL);
}

int api_service_values(struct http_request *request, void *userdata)
{
    return discover(request, userdata, on_found_to_show);
}

static int on_acted(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    return http_respond_json(request, 200, json_pack("{sO}", "result", answer->result));
}

static int act(struct http_request *request, struct api *api, json_t *service, json_t *parameters)
{
    const char *method = http_request_param(request, "method");
    struct peer *peer;
    char what[128];
    int r;

    if (!services_action(service, method))
        return http_respond_problem(
                request, 404, "not_found", NULL, "This service offers no such action.");
    r = services_reach(api->services, request, service, &peer);
    if (r != 0)
        return r < 0 ? r : 0;
    snprintf(what, sizeof(what), "have %s do %s", http_request_param(request, "name"), method);
    api_log_change(request, what);
    return peer_ask_any(
            peer, request, method, json_incref(parameters), PEER_DONE_USEC, on_acted, NULL);
}

static int on_found_to_act(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    json_t *parameters = NULL;
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    r = api_body(request, &body, "{s?o!}", "parameters", &parameters);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (parameters && !json_is_object(parameters))
        return http_respond_problem(
                request, 422, "invalid_params", NULL, "\"parameters\" is an object.");
    return act(request, userdata, answer->result, parameters);
}

int api_service_act(struct http_request *request, void *userdata)
{
    return discover(request, userdata, on_found_to_act);
}

static int on_found_to_give(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    struct api *api = userdata;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    return documents_give(
            api->documents, request, answer->result, http_request_param(request, "method"));
}

int api_service_document(struct http_request *request, void *userdata)
{
    return discover(request, userdata, on_found_to_give);
}
