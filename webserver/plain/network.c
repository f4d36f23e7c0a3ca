/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the device is connected, what it knows, and its own Wi-Fi: as network.js shows it. */

#include <stdio.h>
#include <string.h>

#include "plain-network.h"

#define PAGE "/network.html"
#define REFRESH_SEC 3

/* Of its file. */
enum part {
    PART_HEAD,
    PART_TROUBLE,
    PART_AIR,
    PART_AIR_NETWORK,
    PART_SAVED,
    PART_NETWORK,
    PART_TAIL,
};

bool plain_can_change(const struct plain *page, const json_t *status)
{
    return plain_may(page, SCOPE_NETWORK) && strcmp(plain_text(status, "state"), "joining") != 0;
}

bool plain_is_joined(const json_t *status, const char *hex)
{
    return hex[0] && strcmp(plain_text(json_object_get(status, "wifi"), "ssid_hex"), hex) == 0;
}

static bool has_no_internet(const json_t *status)
{
    return strcmp(plain_text(status, "state"), "connected") == 0 &&
           strcmp(plain_text(json_object_get(status, "verdict"), "code"), "no_internet") == 0;
}

static void set_look(struct plain *page, const json_t *status)
{
    static const struct {
        const char *state;
        const char *look;
        const char *badge;
    } looks[] = {
            {"connected", "good", "✓"},
            {"wired", "good", "✓"},
            {"hotspot", "warning", "↗"},
            {"joining", "warning", "…"},
            {"starting", "warning", "…"},
            {"scanning", "warning", "…"},
            {"no-radio", "bad", "!"},
            {"radio-off", "idle", "!"},
    };
    const char *state = plain_text(status, "state");

    plain_set(page, "look", "warning");
    plain_set(page, "badge", "!");
    for (size_t i = 0; i < ELEMENTSOF(looks) && !has_no_internet(status); i++) {
        if (strcmp(looks[i].state, state) != 0)
            continue;
        plain_set(page, "look", looks[i].look);
        plain_set(page, "badge", looks[i].badge);
    }
}

static void set_headline(struct plain *page, const json_t *status)
{
    const char *hotspot = plain_text(json_object_get(status, "hotspot"), "ssid");
    const char *ssid = plain_text(json_object_get(status, "wifi"), "ssid");
    const char *state = plain_text(status, "state");
    const struct text_gap gaps[] = {
            {"ssid", ssid[0] ? ssid : text_find(plain_texts(page), "your-wifi")},
            {"hotspot", hotspot},
            {},
    };

    plain_say_of(page, "headline", "state", state, gaps, state);
    if (has_no_internet(status))
        plain_say(page, "explanation", "verdict.no_internet", gaps);
    else
        plain_say_of(page, "explanation", "state.why", state, gaps, "");
    plain_show(page, "if-explanation",
            has_no_internet(status) || text_of(plain_texts(page), "state.why", state));
}

/* Where the page is at an address, which may be "192.168.1.20/24". */
static void set_url(struct plain *page, const char *name, const char *condition,
        const json_t *interface, const json_t *status)
{
    const char *address = plain_text(interface, "address");
    json_int_t port = json_integer_value(json_object_get(status, "port"));

    plain_show(page, condition, address[0]);
    plain_printf(
            page, name, "http://%.*s:%lld/", (int)strcspn(address, "/"), address, (long long)port);
}

static void set_facts(struct plain *page, const json_t *status)
{
    const json_t *wifi = json_object_get(status, "wifi");
    json_int_t signal = json_integer_value(json_object_get(wifi, "signal"));

    plain_say(page, "signal-title", "signal", NULL);
    plain_say(page, "on-wifi-title", "on-wifi", NULL);
    plain_say(page, "on-wire-title", "on-wire", NULL);
    plain_show(page, "if-signal", signal > 0);
    plain_printf(page, "signal", "%lld %%", (long long)signal);
    set_url(page, "on-wifi", "if-on-wifi", wifi, status);
    set_url(page, "on-wire", "if-on-wire", json_object_get(status, "wired"), status);
}

static void set_country(struct plain *page, const json_t *country)
{
    const char *code = plain_text(country, "code");

    plain_show(page, "if-country", json_is_object(country));
    if (code[0])
        plain_set(page, "country", text_country(plain_texts(page), code) ?: code);
    else
        plain_say(page, "country", "country.none", NULL);
}

/* The country has a card of its own. */
static void add_troubles(struct plain *page, const json_t *problems)
{
    const json_t *problem;
    size_t i;

    json_array_foreach ((json_t *)problems, i, problem) {
        const char *code = plain_text(problem, "code");
        bool known = text_of(plain_texts(page), "problem", code);

        if (strcmp(code, "country-missing") == 0)
            continue;
        plain_say_of(page, "trouble", "problem", code, NULL, plain_text(problem, "message"));
        plain_set(page, "trouble-language", known ? plain_texts(page)->language : "en");
        plain_part(page, PART_TROUBLE);
    }
}

static void add_saved(struct plain *page, const json_t *status, const json_t *saved)
{
    json_t *network;
    size_t i;

    json_array_foreach ((json_t *)saved, i, network) {
        plain_set_saved(page, status, saved, network);
        plain_part(page, PART_NETWORK);
    }
}

/* `air` has the saved ones too. */
static int respond(
        struct http_request *request, struct plain *page, const json_t *status, const json_t *air)
{
    const json_t *networks = json_object_get(air, "networks"),
                 *saved = json_object_get(air, "saved");
    bool scanning = json_is_true(json_object_get(air, "scanning"));
    int r = 0;

    /* It is shown by itself what was found. */
    if (scanning)
        r = plain_refresh(request, REFRESH_SEC, NULL);
    if (r < 0)
        return r;
    set_look(page, status);
    set_headline(page, status);
    set_facts(page, status);
    set_country(page, json_object_get(status, "country"));
    plain_set_own(page, status);
    plain_set_wired(page, status);
    plain_set_radio(page, status);
    plain_say(page, "air-note", scanning ? "air.scanning" : "air.empty", NULL);
    plain_show(page, "if-air-note", scanning || json_array_size(networks) == 0);
    plain_show(page, "if-air",
            json_is_object(air) && json_is_true(json_object_get(status, "radio_enabled")));
    plain_show(page, "if-own", plain_can_serve(status));
    plain_show(page, "if-known", json_is_object(status));
    plain_show(page, "if-saved", json_array_size(saved) > 0);
    plain_show(page, "if-change", plain_can_change(page, status));
    plain_show(page, "if-all", json_array_size(saved) > 1 && plain_can_change(page, status));
    plain_part(page, PART_HEAD);
    add_troubles(page, json_object_get(status, "problems"));
    plain_part(page, PART_AIR);
    plain_add_air(page, status, networks, PART_AIR_NETWORK);
    plain_part(page, PART_SAVED);
    add_saved(page, status, saved);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

int plain_network_page(struct http_request *request, void *userdata)
{
    int r = plain_enter(request, userdata, SCOPE_READ);

    return r != 0 ? (r < 0 ? r : 0) : plain_ask_both(request, userdata, PAGE, respond);
}

int plain_network_follow(struct http_request *request, const struct peer_answer *answer,
        struct api *api, const char *part)
{
    _cleanup_json_ json_t *problem = NULL;

    if (answer->error == 0)
        return form_follow(request, PAGE, part);
    problem = peer_problem_to_json(answer);
    return problem ? plain_refuse(request, api, 200, plain_text(problem, "detail")) : -ENOMEM;
}
