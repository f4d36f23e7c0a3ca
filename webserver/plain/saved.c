/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The networks that the device knows: joining one again, which of several comes first, forgetting.
 * A network is named by the bytes of its name, which need not be text.
 */

#include <stdio.h>
#include <string.h>

#include "plain-network.h"

#define PAGE "/forget.html"
#define ALL "yes"
#define PRIORITY_MAX 999

/* -- a row ----------------------------------------------------------------------------------- */

static json_int_t priority_of(const json_t *network)
{
    json_int_t priority = json_integer_value(json_object_get(network, "priority"));

    return priority > PRIORITY_MAX ? PRIORITY_MAX : priority;
}

static json_int_t highest(const json_t *saved)
{
    json_int_t found = 0;
    json_t *network;
    size_t i;

    json_array_foreach ((json_t *)saved, i, network)
        found = priority_of(network) > found ? priority_of(network) : found;
    return found;
}

static bool is_first(const json_t *saved, const json_t *network)
{
    return json_array_size(saved) > 1 && priority_of(network) > 0 &&
           priority_of(network) == highest(saved);
}

static void set_name(struct plain *page, const json_t *network)
{
    const struct text_gap gaps[] = {{"hex", plain_text(network, "ssid_hex")}, {}};
    const char *ssid = plain_text(network, "ssid");

    if (ssid[0])
        plain_set(page, "name", ssid);
    else
        plain_say(page, "name", "the-network", gaps);
}

static void add_fact(FILE *to, const char *fact)
{
    if (fact && fact[0])
        fprintf(to, "%s%s", ftell(to) > 0 ? " · " : "", fact);
}

static void set_note(struct plain *page, const json_t *network)
{
    const struct text_gap gaps[] = {{"address", plain_text(network, "address")}, {}};
    const char *security = plain_text(network, "security");
    const struct texts *texts = plain_texts(page);
    _cleanup_free_ char *address = gaps[0].value[0] ? text_fill(texts, "saved.fixed", gaps) : NULL;
    char *note = NULL;
    size_t size;
    FILE *to = open_memstream(&note, &size);

    if (to) {
        add_fact(to, text_of(texts, "saved-security", security) ?: security);
        add_fact(to, plain_text(network, "identity"));
        if (json_is_true(json_object_get(network, "hidden")))
            add_fact(to, text_find(texts, "saved.hidden"));
        add_fact(to, address);
        if (json_is_false(json_object_get(network, "in_reach")))
            add_fact(to, text_find(texts, "saved.away"));
        fclose(to);
    }
    plain_take(page, "note", note);
}

/* Each button says what it is about to who doesn't see where it is. */
static void set_labels(struct plain *page, const char *name, bool first)
{
    const char *prefer = text_find(plain_texts(page), first ? "saved.as-others" : "saved.prefer");
    const struct text_gap gaps[] = {{"name", name}, {}};

    plain_say(page, "forget-name", "forget.name", gaps);
    plain_say(page, "join-name", "join.title", gaps);
    plain_set(page, "prefer-do", prefer);
    plain_printf(page, "prefer-name", "%s (%s)", prefer, name);
}

void plain_set_saved(
        struct plain *page, const json_t *status, const json_t *saved, const json_t *network)
{
    bool changes = plain_can_change(page, status);
    const char *hex = plain_text(network, "ssid_hex"), *ssid = plain_text(network, "ssid");
    bool joined = plain_is_joined(status, hex), first = is_first(saved, network);
    json_int_t next = highest(saved) + 1;

    set_name(page, network);
    set_labels(page, ssid[0] ? ssid : hex, first);
    set_note(page, network);
    plain_set(page, "hex", hex);
    plain_set(page, "ssid", ssid);
    plain_show(page, "if-tag", joined || first);
    plain_say(page, "tag", joined ? "tag.connected" : "saved.first", NULL);
    plain_printf(page, "priority", "%lld",
            first ? 0LL : (long long)(next > PRIORITY_MAX ? PRIORITY_MAX : next));
    plain_show(page, "if-join", changes && !joined && ssid[0]);
    plain_show(page, "if-prefer", changes && json_array_size(saved) > 1);
    plain_show(page, "if-forget", changes);
}

/* -- forgetting ------------------------------------------------------------------------------ */

static const json_t *find(const json_t *saved, const char *hex)
{
    json_t *network;
    size_t i;

    json_array_foreach ((json_t *)saved, i, network) {
        if (strcmp(plain_text(network, "ssid_hex"), hex) == 0)
            return network;
    }
    return NULL;
}

static void set_question(struct plain *page, const json_t *status, const json_t *network)
{
    const struct text_gap gaps[] = {{"name", plain_text(network, "ssid")}, {}};
    const char *hex = plain_text(network, "ssid_hex");
    struct text_gap by_hex[] = {{"hex", hex}, {}};
    _cleanup_free_ char *nameless = text_fill(plain_texts(page), "the-network", by_hex);

    plain_set(page, "hex", hex);
    plain_set(page, "all", "");
    plain_say(page, "sure", "forget.sure",
            gaps[0].value[0] ? gaps : (struct text_gap[]){{"name", nameless ?: hex}, {}});
    plain_say(page, "what", plain_is_joined(status, hex) ? "forget.what" : "forget.other", NULL);
}

static void ask_for_all(struct plain *page)
{
    plain_set(page, "hex", "");
    plain_set(page, "all", ALL);
    plain_say(page, "sure", "forget-all.sure", NULL);
    plain_say(page, "what", "forget-all.what", NULL);
}

static int respond(struct plain *page, bool asked)
{
    plain_show(page, "if-asked", asked);
    plain_show(page, "if-gone", !asked);
    return plain_respond_whole(page);
}

static int respond_question(struct http_request *request, struct plain *page, const json_t *status,
        const json_t *networks)
{
    const char *hex = http_request_query(request, "network");
    const json_t *network = NULL;

    if (!networks)
        return respond(page, false);
    if (hex)
        network = find(json_object_get(networks, "saved"), hex);
    if (network)
        set_question(page, status, network);
    else if (http_request_query(request, "all"))
        ask_for_all(page);
    else {
        plain_set_problem(page, "This network is not saved.");
        return respond(page, false);
    }
    return respond(page, true);
}

int plain_forget_page(struct http_request *request, void *userdata)
{
    int r = plain_enter(request, userdata, SCOPE_NETWORK);

    return r != 0 ? (r < 0 ? r : 0) : plain_ask_both(request, userdata, PAGE, respond_question);
}

static int on_forgotten(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return plain_network_follow(request, answer, userdata, "#forgotten");
}

/* All only where that was asked for, never for want of a name. */
static json_t *params_of(const char *hex, const char *all)
{
    if (hex[0])
        return json_pack("{s:s}", "ssid_hex", hex);
    return strcmp(all, ALL) == 0 ? json_object() : NULL;
}

int plain_forget(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"network"}, {"all"}};
    struct api *api = userdata;
    json_t *params;
    int r = plain_form(request, api, SCOPE_NETWORK, fields, ELEMENTSOF(fields));

    if (r != 0)
        return r < 0 ? r : 0;
    params = params_of(fields[0].value, fields[1].value);
    http_fields_done(fields, ELEMENTSOF(fields));
    if (!params)
        return form_refuse(request);
    api_log_change(request,
            json_object_size(params) > 0 ? "forget a saved network" : "forget the saved networks");
    return peer_ask(api->network, request, "forget", params, PEER_SOON_USEC, on_forgotten, api);
}

/* -- which comes first ----------------------------------------------------------------------- */

static int on_preferred(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return plain_network_follow(request, answer, userdata, "#changed");
}

/* NULL: that makes no sense. */
static json_t *priority_params(const char *hex, const char *priority)
{
    size_t digits = strspn(priority, "0123456789");

    if (!hex[0] || digits == 0 || digits > 3 || priority[digits])
        return NULL;
    return json_pack("{s:s, s:i}", "ssid_hex", hex, "priority", atoi(priority));
}

int plain_prefer(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"network"}, {"priority"}};
    struct api *api = userdata;
    json_t *params;
    int r = plain_form(request, api, SCOPE_NETWORK, fields, ELEMENTSOF(fields));

    if (r != 0)
        return r < 0 ? r : 0;
    params = priority_params(fields[0].value, fields[1].value);
    http_fields_done(fields, ELEMENTSOF(fields));
    if (!params)
        return form_refuse(request);
    api_log_change(request, "change the order of the saved networks");
    return peer_ask(
            api->network, request, "set_priority", params, PEER_SOON_USEC, on_preferred, api);
}
