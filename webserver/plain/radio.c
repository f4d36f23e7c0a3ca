/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The radio's switch, and what is lost without it: as network.js. */

#include <string.h>

#include "plain-network.h"

#define PAGE "/radio.html"
#define ON "yes"
#define OFF "no"

static bool is_on(const json_t *status)
{
    return json_is_true(json_object_get(status, "radio_enabled"));
}

void plain_set_radio(struct plain *page, const json_t *status)
{
    const char *state = plain_text(status, "state");
    bool has_radio = json_is_object(status) && strcmp(state, "no-radio") != 0;

    plain_show(page, "if-radio", has_radio);
    plain_show(page, "if-back", !has_radio);
    plain_say(page, "radio-note", is_on(status) ? "radio.on" : "radio.off", NULL);
    plain_say(page, "radio-do", is_on(status) ? "radio.do" : "radio.switch-on", NULL);
}

static int respond(struct plain *page, const json_t *status)
{
    const char *wire = plain_text(json_object_get(status, "wired"), "address");

    plain_set_radio(page, status);
    plain_say(page, "warning", "radio.what", NULL);
    plain_show(page, "if-warning", is_on(status) && !wire[0]);
    plain_show(page, "if-change", plain_can_change(page, status));
    plain_set(page, "enabled", is_on(status) ? OFF : ON);
    return plain_respond_whole(page);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, userdata, PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    return respond(page, answer->result);
}

int plain_radio_page(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status);
}

static int on_switched(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return plain_network_follow(request, answer, userdata, "#changed");
}

int plain_radio(struct http_request *request, void *userdata)
{
    struct http_field field = {"enabled"};
    struct api *api = userdata;
    bool on, off;
    int r = plain_form(request, api, SCOPE_NETWORK, &field, 1);

    if (r != 0)
        return r < 0 ? r : 0;
    on = strcmp(field.value, ON) == 0;
    off = strcmp(field.value, OFF) == 0;
    http_fields_done(&field, 1);
    if (!on && !off)
        return form_refuse(request);
    api_log_change(request, on ? "switch the radio on" : "switch the radio off");
    return peer_ask(api->network, request, "radio", json_pack("{s:b}", "enabled", on),
            PEER_SOON_USEC, on_switched, api);
}
