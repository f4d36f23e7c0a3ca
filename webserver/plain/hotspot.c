/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device's own Wi-Fi, with what a phone needs to join it, and its switch: as hotspot.js. */

#include <string.h>

#include "plain-network.h"

#define PAGE "/hotspot.html"
#define OPEN "yes"
#define CLOSE "no"

static bool is_open(const json_t *status)
{
    return json_is_object(json_object_get(status, "hotspot"));
}

static const json_t *settings_of(const json_t *status)
{
    return json_object_get(status, "hotspot_settings");
}

static bool is_requested(const json_t *status)
{
    return json_is_true(json_object_get(settings_of(status), "requested"));
}

static bool is_state(const json_t *status, const char *state)
{
    return strcmp(plain_text(status, "state"), state) == 0;
}

bool plain_can_serve(const json_t *status)
{
    json_t *problems = json_object_get(status, "problems"), *problem;
    size_t i;

    json_array_foreach (problems, i, problem) {
        if (strcmp(plain_text(problem, "code"), "no-access-point") == 0)
            return false;
    }
    return json_is_object(settings_of(status)) && !is_state(status, "radio-off") &&
           !is_state(status, "no-radio");
}

void plain_set_own(struct plain *page, const json_t *status)
{
    if (is_open(status))
        plain_say(page, "own-note", is_requested(status) ? "own.requested" : "own.needed", NULL);
    else
        plain_say(page, "own-note", "own.closed", NULL);
    plain_say(page, "own-do", is_open(status) ? "own.close" : "own.open", NULL);
}

/* Who comes over the Wi-Fi that the device leaves has to know how to come back. */
static void set_warning(struct plain *page, const json_t *status)
{
    const char *joined = plain_text(json_object_get(status, "wifi"), "ssid");
    const char *wire = plain_text(json_object_get(status, "wired"), "address");
    const struct text_gap gaps[] = {
            {"name", plain_text(settings_of(status), "ssid")},
            {"ssid", joined[0] ? joined : text_find(plain_texts(page), "its-network")},
            {},
    };

    plain_say(page, "warning", "own.what", gaps);
    plain_show(page, "if-warning", !is_open(status) && !wire[0]);
}

static int on_label(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = userdata;

    plain_set(page, "ssid", plain_text(answer->result, "ssid"));
    plain_set(page, "password", plain_text(answer->result, "password"));
    plain_show(page, "if-label", answer->error == 0);
    return plain_respond_whole(page);
}

/* Without another way to the device it can't be closed. */
static bool can_switch(const json_t *status)
{
    return plain_can_serve(status) && !is_state(status, "joining") &&
           (!is_open(status) || is_requested(status));
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = userdata;
    struct api *api = plain_api(page);
    const json_t *status = answer->result;

    if (answer->error < 0)
        plain_set_refusal(page, answer);
    plain_set_own(page, status);
    set_warning(page, status);
    plain_set(page, "enabled", is_open(status) ? CLOSE : OPEN);
    plain_show(page, "if-known", answer->error == 0);
    plain_show(page, "if-switch", can_switch(status));
    plain_show(page, "if-label", false);
    if (answer->error < 0)
        return plain_respond_whole(page);
    return peer_ask(
            api->network, request, "hotspot_label", NULL, PEER_SOON_USEC, on_label, STEAL(page));
}

int plain_hotspot_page(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    struct plain *page;
    int r = plain_enter(request, api, SCOPE_NETWORK);

    if (r == 0)
        r = plain_new(request, api, PAGE, &page);
    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_status, page);
}

static int respond_switched(struct http_request *request, const struct peer_answer *answer,
        struct api *api, const char *part)
{
    struct plain *page;
    int r;

    if (answer->error == 0)
        return form_follow(request, PAGE, part);
    r = plain_new(request, api, PAGE, &page);
    if (r < 0)
        return r;
    plain_set_refusal(page, answer);
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_status, page);
}

static int on_opened(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return respond_switched(request, answer, userdata, "#opens");
}

static int on_closed(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return respond_switched(request, answer, userdata, "#closes");
}

int plain_hotspot(struct http_request *request, void *userdata)
{
    struct http_field field = {"enabled"};
    struct api *api = userdata;
    bool opens, closes;
    int r = plain_form(request, api, SCOPE_NETWORK, &field, 1);

    if (r != 0)
        return r < 0 ? r : 0;
    opens = strcmp(field.value, OPEN) == 0;
    closes = strcmp(field.value, CLOSE) == 0;
    http_fields_done(&field, 1);
    if (!opens && !closes)
        return form_refuse(request);
    api_log_change(request, opens ? "open the hotspot" : "close the hotspot");
    return peer_ask(api->network, request, "hotspot", json_pack("{s:b}", "enabled", opens),
            PEER_SOON_USEC, opens ? on_opened : on_closed, api);
}
