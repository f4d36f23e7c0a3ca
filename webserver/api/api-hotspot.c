/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The hotspot's and the country's part of the API, and where the page is: everything is
 * user-network's to know and to do. */

#include <string.h>

#include "api.h"

int api_hotspot_label(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "hotspot_label", NULL, PEER_SOON_USEC, peer_pass, NULL);
}

static int on_code(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const char *svg = json_string_value(json_object_get(answer->result, "svg"));
    int r;

    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    if (!svg)
        return http_respond_problem(request, 502, "bad_answer", NULL,
                "The network service has no code: is it of another version?");
    /* The hotspot's has the password in it, the page's is another in the next network. */
    r = http_request_add_header(request, "Cache-Control", "no-store");
    return r < 0 ? r : http_respond_data(request, 200, "image/svg+xml", svg, strlen(svg));
}

int api_hotspot_code(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "hotspot_label", NULL, PEER_SOON_USEC, on_code, NULL);
}

int api_network_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "page_label", NULL, PEER_SOON_USEC, peer_pass, NULL);
}

int api_network_page_code(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return peer_ask(api->network, request, "page_label", NULL, PEER_SOON_USEC, on_code, NULL);
}

int api_hotspot_switch(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    int enabled, r;

    r = api_body(request, &body, "{s:b!}", "enabled", &enabled);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, enabled ? "open the hotspot" : "close the hotspot");
    return peer_ask(
            api->network, request, "hotspot", STEAL(body), PEER_SOON_USEC, peer_accept, NULL);
}

int api_country_set(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *code;
    int r;

    r = api_body(request, &body, "{s:s!}", "code", &code);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    api_log_change(request, "set the country of the radio");
    return peer_ask(api->network, request, "country", STEAL(body), PEER_SOON_USEC, peer_pass, NULL);
}
