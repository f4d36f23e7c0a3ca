/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The cable: its address, and changing it. A fixed address is only tried at first: whoever opens
 * the page at the new address is asked whether to keep it, and whoever is still at the old one is
 * told where to go; he may be cut off the next moment, so that this page is the answer to the form
 * itself, and doesn't ask for itself again.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "plain-network.h"

#define PAGE "/wired.html"
#define REFRESH_SEC 3
#define DHCP "dhcp"
#define STATIC "static"

/* Of its file. */
enum part {
    PART_HEAD,
    PART_MASK,
    PART_TAIL,
};

enum wired_field {
    /* Those of the address come first. */
    WIRED_METHOD = N_ADDRESS_FIELDS,
    WIRED_TAG, /* of the settings that the form was filled with */
    N_WIRED_FIELDS,
};

struct form {
    struct http_field fields[N_WIRED_FIELDS];
};

static void form_done(struct form *form)
{
    http_fields_done(form->fields, N_WIRED_FIELDS);
}

static int form_read(struct http_request *request, struct form *ret)
{
    *ret = (struct form){{ADDRESS_FIELDS, {"method"}, {"tag"}}};
    return http_request_form(request, ret->fields, N_WIRED_FIELDS);
}

/* What user-network is asked for; NULL: that makes no sense. */
static json_t *params_of(const struct form *form)
{
    _cleanup_json_ json_t *params = NULL;
    const char *method = form->fields[WIRED_METHOD].value;
    bool fixed = strcmp(method, STATIC) == 0;

    if (!fixed && strcmp(method, DHCP) != 0)
        return NULL;
    params = json_pack("{ss}", "method", method);
    if (!params || (fixed && address_add(params, form->fields) < 0))
        return NULL;
    return STEAL(params);
}

/* -- what is, and what is being tried -------------------------------------------------------- */

/* As it stands in "192.0.2.7/24". */
static void address_of(const json_t *fixed, char ret[static INET_ADDRSTRLEN])
{
    const char *text = plain_text(fixed, "address");

    snprintf(ret, INET_ADDRSTRLEN, "%.*s", (int)strcspn(text, "/"), text);
}

static const json_t *pending_of(const json_t *wired)
{
    const json_t *pending = json_object_get(wired, "pending");

    return json_is_object(pending) ? pending : NULL;
}

static void set_trial(struct plain *page, const char *name, const json_t *pending)
{
    char address[INET_ADDRSTRLEN];
    const struct text_gap gaps[] = {{"address", address}, {}};
    const char *said = text_of(plain_texts(page), "trial", plain_text(pending, "step"));

    address_of(json_object_get(pending, "static"), address);
    if (said)
        plain_set(page, name, said);
    else
        plain_say(page, name, "trial.waits", gaps);
}

/* A change that went as it should is seen in the facts. */
static void set_last(struct plain *page, const json_t *wired)
{
    const json_t *last = json_object_get(wired, "last");
    const char *code = plain_text(last, "code");
    bool good = strcmp(code, "confirmed") == 0 || strcmp(code, "dhcp") == 0;
    const char *said = text_of(plain_texts(page), "trial.last", code);

    plain_show(page, "if-wired-last", code[0] && !good && !pending_of(wired));
    plain_set(page, "wired-last", said ?: plain_text(last, "message"));
    plain_set(page, "wired-last-language", said ? plain_texts(page)->language : "en");
}

static void set_summary(struct plain *page, const json_t *wired)
{
    const char *address = plain_text(wired, "address");

    if (!json_is_true(json_object_get(wired, "carrier")))
        plain_say(page, "wired-summary", "wired.none", NULL);
    else if (address[0])
        plain_set(page, "wired-summary", address);
    else
        plain_say(page, "wired-summary", "wired.no-address", NULL);
}

void plain_set_wired(struct plain *page, const json_t *status)
{
    const json_t *wired = json_object_get(status, "wired"), *fixed = json_object_get(wired, STATIC);
    const struct text_gap gaps[] = {{"address", plain_text(fixed, "address")}, {}};

    set_summary(page, wired);
    set_last(page, wired);
    set_trial(page, "trial", pending_of(wired));
    address_set(page, fixed);
    plain_say(page, "wired-setup", gaps[0].value[0] ? "wired.fixed" : "wired.dhcp", gaps);
    plain_say(page, "wired-setup-title", "wired.setup", NULL);
    plain_say(page, "router-title", "router", NULL);
    plain_say(page, "dns-title", "dns", NULL);
    plain_show(page, "if-router", plain_text(fixed, "gateway")[0]);
    plain_show(page, "if-dns", json_array_size(json_object_get(fixed, "dns")) > 0);
    plain_show(page, "if-wired", plain_text(wired, "method")[0]);
    plain_show(page, "if-trial", pending_of(wired));
}

/* -- the page -------------------------------------------------------------------------------- */

/* Where the address leads that is being tried; `there`: this has come over it. */
static void set_way(struct plain *page, const json_t *status, const char *address, bool there)
{
    json_int_t port = json_integer_value(json_object_get(status, "port"));

    plain_say(page, "trial-title", there ? "trial.keep" : "trial.open", NULL);
    plain_set(page, "trial-address", address);
    if (address[0])
        plain_printf(page, "url", "http://%s:%lld%s", address, (long long)port, PAGE);
    else
        plain_set(page, "url", PAGE);
    plain_show(page, "if-there", there);
    plain_show(page, "if-elsewhere", !there);
}

static void set_countdown(struct plain *page, const json_t *left)
{
    json_int_t seconds = json_integer_value(left);

    plain_show(page, "if-countdown", json_is_integer(left) && seconds >= 0);
    plain_take(page, "countdown",
            text_count(plain_texts(page), "trial.left", seconds > 0 ? seconds : 0, NULL));
}

/* What goes on by itself is shown when it is over; so is how long whoever is there has. 0 or a
 * negative errno. */
static int set_stage(struct plain *page, struct http_request *request, const json_t *status,
        const json_t *pending)
{
    char local[INET6_ADDRSTRLEN] = "", address[INET_ADDRSTRLEN];
    json_t *left = json_object_get(pending, "seconds_left");
    bool waits, there;

    address_of(json_object_get(pending, STATIC), address);
    (void)http_request_local(request, local);
    waits = address[0] && json_is_integer(left);
    there = strcmp(local, address) == 0;
    set_way(page, status, address, there);
    set_countdown(page, left);
    plain_show(page, "if-waits", waits);
    plain_show(page, "if-busy", pending && !waits);
    plain_show(page, "if-form", json_is_object(status) && !pending);
    plain_show(page, "if-back", pending ? !waits || !there : !status);
    return pending && (!waits || there) ? plain_refresh(request, REFRESH_SEC, PAGE) : 0;
}

static int respond_with(struct plain *page, const char *method, unsigned mask)
{
    plain_set(page, DHCP, strcmp(method, STATIC) == 0 ? "" : "checked");
    plain_set(page, STATIC, strcmp(method, STATIC) == 0 ? "checked" : "");
    plain_part(page, PART_HEAD);
    address_add_masks(page, mask, PART_MASK);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

/* As it is set. */
static int respond(struct plain *page, const json_t *status)
{
    json_t *wired = json_object_get(status, "wired");
    const char *address = plain_text(json_object_get(wired, STATIC), "address");
    char tag[API_WIRED_TAG_SIZE];
    int r = api_wired_tag(wired, tag);

    if (r < 0)
        return r;
    plain_set(page, "tag", tag);
    address += strcspn(address, "/");
    return respond_with(
            page, plain_text(wired, "method"), address_prefix(address[0] ? address + 1 : ""));
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const json_t *pending = pending_of(json_object_get(answer->result, "wired"));
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, userdata, PAGE, &page);

    if (r == 0)
        r = set_stage(page, request, answer->result, pending);
    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    plain_set_wired(page, answer->result);
    return respond(page, answer->result);
}

int plain_wired_page(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status);
}

/* -- changing it ----------------------------------------------------------------------------- */

/* Why it can't be, with what was typed. */
static int respond_refused(struct http_request *request, struct plain *page)
{
    _cleanup_(form_done) struct form form = {};
    int r = form_read(request, &form);

    if (r < 0)
        return r;
    plain_show(page, "if-form", true);
    plain_show(page, "if-back", false);
    plain_set(page, "tag", form.fields[WIRED_TAG].value);
    address_set_typed(page, form.fields);
    return respond_with(
            page, form.fields[WIRED_METHOD].value, address_prefix(form.fields[ADDRESS_MASK].value));
}

/* user-network says how long the new address is tried; of DHCP it has nothing to be confirmed. */
static int on_set(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = userdata;
    _cleanup_(form_done) struct form form = {};
    _cleanup_json_ json_t *pending = NULL;
    int r;

    if (answer->error < 0) {
        plain_set_refusal(page, answer);
        return respond_refused(request, page);
    }
    r = form_read(request, &form);
    if (r < 0)
        return r;
    if (strcmp(form.fields[WIRED_METHOD].value, DHCP) == 0)
        return form_follow(request, PAGE, "#changed");
    pending = json_pack("{s{ss} sO?}", STATIC, "address", form.fields[ADDRESS_IP].value,
            "seconds_left", json_object_get(answer->result, "confirm_within"));
    if (!pending)
        return -ENOMEM;
    r = set_stage(page, request, plain_kept(page), pending);
    return r < 0 ? r : respond_with(page, STATIC, 0);
}

/* 1: the settings are still those of the form, 0: not. */
static int is_same(const struct form *form, json_t *wired)
{
    char tag[API_WIRED_TAG_SIZE];
    int r = api_wired_tag(wired, tag);

    return r < 0 ? r : strcmp(form->fields[WIRED_TAG].value, tag) == 0;
}

static int on_status_before(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    json_t *wired = json_object_get(answer->result, "wired");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    _cleanup_json_ json_t *params = NULL;
    _cleanup_(form_done) struct form form = {};
    struct api *api = userdata;
    int r = form_read(request, &form);

    if (r == 0)
        params = params_of(&form);
    if (!params)
        return r == -ENOMEM ? r : form_refuse(request);
    r = plain_new(request, api, PAGE, &page);
    if (r == 0)
        r = set_stage(page, request, answer->result, NULL);
    if (r < 0)
        return r;
    plain_set_wired(page, NULL);
    if (answer->error < 0) {
        plain_set_refusal(page, answer);
        return respond_refused(request, page);
    }
    r = is_same(&form, wired);
    if (r == 0) {
        plain_set_problem(
                page, "Somebody else has changed this meanwhile. Look at it again first.");
        plain_set_wired(page, answer->result);
        return respond(page, answer->result);
    }
    if (r < 0)
        return r;
    plain_keep(page, answer->result);
    api_log_change(request, "set the wire up");
    return peer_ask(
            api->network, request, "set_wired", STEAL(params), PEER_SOON_USEC, on_set, STEAL(page));
}

int plain_wired(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status_before);
}

static int on_confirmed(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return plain_network_follow(request, answer, userdata, "#changed");
}

/* Which of the device's addresses this has come over is the proof. */
int plain_wired_confirm(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    char address[INET6_ADDRSTRLEN];
    int r = plain_enter(request, api, SCOPE_NETWORK);

    if (r == 0)
        r = http_request_local(request, address);
    if (r != 0)
        return r < 0 ? r : 0;
    api_log_change(request, "keep the wire's new address");
    return peer_ask(api->network, request, "confirm_wired", json_pack("{s:s}", "address", address),
            PEER_SOON_USEC, on_confirmed, api);
}
