/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Joining a network without a script: the page says how the device is connected and where it will
 * be next, and takes all that a network may need.
 */

#include <stdio.h>
#include <string.h>

#include "join-form.h"
#include "login/place.h"

#define PAGE "/join.html"
#define REFRESH_SEC 3
/* Of a network in the air. */
#define ENTERPRISE "enterprise"

/* Of its file. */
enum part {
    PART_HEAD,
    PART_MASK,
    PART_TAIL,
};

/* `host`, or the first label of `name` in the domain of mDNS. */
static void url_of(
        char ret[static OWN_URL_SIZE], const char *host, const char *name, const json_t *status)
{
    json_int_t port = json_integer_value(json_object_get(status, "port"));

    if (host[0])
        snprintf(ret, OWN_URL_SIZE, "http://%.200s:%lld/", host, (long long)port);
    else
        snprintf(ret, OWN_URL_SIZE, "http://%.*s.local:%lld/", (int)strcspn(name, "."), name,
                (long long)port);
}

/* The reason in the page's language, where it is known; else in user-network's words. */
static void set_verdict(struct plain *page, const json_t *verdict, bool joining)
{
    const struct text_gap gaps[] = {{"ssid", plain_text(verdict, "ssid")}, {}};
    const char *code = plain_text(verdict, "code"), *message = plain_text(verdict, "message");
    const struct texts *texts = plain_texts(page);
    bool known = gaps[0].value[0] && text_of(texts, "verdict", code);

    if (known)
        plain_say_of(page, "verdict", "verdict", code, gaps, message);
    else
        plain_set(page, "verdict", message);
    plain_set(page, "verdict-language", known ? texts->language : "en");
    plain_show(page, "if-verdict", !joining && message[0]);
}

/* `status` may be NULL. */
static void set_status(struct plain *page, const json_t *status)
{
    const char *hostname = plain_text(status, "hostname");
    const char *found_as = plain_text(json_object_get(status, "announced"), "host");
    const char *joining = plain_text(json_object_get(status, "join"), "ssid");
    char url[OWN_URL_SIZE];

    plain_set_shown(
            page, "joined", "if-joined", plain_text(json_object_get(status, "wifi"), "ssid"));
    plain_set_shown(page, "joining", "if-joining", joining);
    plain_show(page, "if-leaves", strcmp(plain_text(status, "state"), "hotspot") == 0);
    set_verdict(page, json_object_get(status, "verdict"), joining[0]);
    url_of(url, hostname, "", status);
    plain_set_shown(page, "url", "if-known", hostname[0] ? url : "");
    url_of(url, found_as, hostname, status);
    plain_set(page, "local-url", url);
}

/* How a join goes on, the page says by itself to who sees it to its end. To others it has said
 * where they find the device next: to ask again, when it has left, would take that away from them.
 */
static int follow_join(struct http_request *request, const json_t *status)
{
    char local[INET6_ADDRSTRLEN] = "";
    const char *place;

    if (!json_is_object(json_object_get(status, "join")))
        return 0;
    (void)http_request_local(request, local);
    place = place_of(local, status);
    if (!place || strcmp(place, "hotspot") == 0)
        return 0;
    return plain_refresh(request, REFRESH_SEC, NULL);
}

static int respond(struct plain *page, unsigned mask)
{
    plain_part(page, PART_HEAD);
    address_add_masks(page, mask, PART_MASK);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    const char *security = http_request_query(request, "security");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, userdata, PAGE, &page);

    if (r == 0 && answer->error == 0)
        r = follow_join(request, answer->result);
    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    set_status(page, answer->result);
    join_form_show_empty(page, http_request_query(request, "ssid"),
            security && strcmp(security, ENTERPRISE) == 0);
    return respond(page, address_prefix(""));
}

int plain_join_page(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status);
}

/* Why it can't be done, with what was typed and what is known of the device. */
static int respond_refused(
        struct http_request *request, struct plain *page, const struct peer_answer *answer)
{
    _cleanup_(join_form_done) struct join_form form = {};
    int r = join_form_read(request, &form);

    if (r < 0)
        return r;
    plain_set_refusal(page, answer);
    join_form_show(page, &form);
    return respond(page, address_prefix(form.fields[ADDRESS_MASK].value));
}

static int on_begun(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = userdata;

    if (answer->error == 0)
        return form_follow(request, PAGE, "#begun");
    return respond_refused(request, page, answer);
}

static int on_status_before(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    _cleanup_(join_form_done) struct join_form form = {};
    struct api *api = userdata;
    json_t *params = NULL;
    int r = join_form_read(request, &form);

    if (r == 0)
        params = join_form_params(&form);
    if (!params)
        return r == -ENOMEM ? r : form_refuse(request);
    r = plain_new(request, api, PAGE, &page);
    if (r == 0)
        set_status(page, answer->result);
    if (r < 0 || answer->error < 0) {
        json_decref(params);
        return r < 0 ? r : respond_refused(request, page, answer);
    }
    api_log_change(request, "join a network");
    return peer_ask(
            api->network, request, "connect", params, PEER_SOON_USEC, on_begun, STEAL(page));
}

int plain_join(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status_before);
}
