/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The country whose rules the radio keeps: user-network takes what the factory has said, until the
 * customer says it himself. In the first time it is asked for when the password is set, and a
 * network follows.
 */

#include <string.h>

#include "plain.h"

#define PAGE "/country.html"
#define SETUP "yes"

/* Of its file. */
enum part {
    PART_HEAD,
    PART_COUNTRY,
    PART_TAIL,
};

/* `status` may be NULL; `chosen` is what somebody has chosen, NULL: nothing yet. */
static int respond(struct plain *page, const json_t *status, const char *chosen, bool setup)
{
    const struct text_table *countries = &plain_texts(page)->countries;
    const json_t *country = json_object_get(status, "country");
    bool said = strcmp(plain_text(country, "source"), "customer") == 0;
    const char *problem = plain_text(country, "problem");

    if (!chosen)
        chosen = plain_text(country, "code");
    plain_set_said(page, "trouble", "trouble-language", problem);
    plain_show(page, "if-trouble", problem[0]);
    plain_show(page, "if-setup", setup);
    plain_show(page, "if-later", !setup);
    plain_set(page, "setup", setup ? SETUP : "");
    plain_say(page, "choose", "choose", NULL);
    plain_say(page, "set", said && !setup ? "country.change" : "country.confirm", NULL);
    plain_part(page, PART_HEAD);
    for (size_t i = 0; i < countries->n; i++) {
        const struct text *one = &countries->all[i];

        plain_set(page, "code", one->key);
        plain_set(page, "name", one->text);
        plain_set(page, "selected", strcmp(one->key, chosen) == 0 ? "selected" : "");
        plain_part(page, PART_COUNTRY);
    }
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, userdata, PAGE, &page);

    if (r < 0)
        return r;
    if (answer->error < 0)
        plain_set_refusal(page, answer);
    return respond(page, answer->result, NULL, http_request_query(request, "setup"));
}

int plain_country_page(struct http_request *request, void *userdata)
{
    return plain_ask_status(request, userdata, on_status);
}

/* What was chosen is still there beside why it can't be. */
static int on_set(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    struct http_field fields[] = {{"code"}, {"setup"}};
    bool setup;
    int r;

    r = http_request_form(request, fields, ELEMENTSOF(fields));
    setup = r == 0 && fields[1].value[0];
    if (r == 0 && answer->error == 0)
        r = setup ? form_follow(request, "/join.html", "") : form_follow(request, PAGE, "#set");
    else if (r == 0) {
        r = plain_new(request, userdata, PAGE, &page);
        if (r == 0) {
            plain_set_refusal(page, answer);
            r = respond(page, NULL, fields[0].value, setup);
        }
    }
    http_fields_done(fields, ELEMENTSOF(fields));
    return r;
}

int plain_country(struct http_request *request, void *userdata)
{
    /* All that is read of it later, so that what makes no sense is refused now. */
    struct http_field fields[] = {{"code"}, {"setup"}};
    struct api *api = userdata;
    json_t *params = NULL;
    int r = plain_form(request, api, SCOPE_NETWORK, fields, ELEMENTSOF(fields));

    if (r != 0)
        return r < 0 ? r : 0;
    if (fields[0].value[0])
        params = json_pack("{s:s}", "code", fields[0].value);
    http_fields_done(fields, ELEMENTSOF(fields));
    if (!params)
        return form_refuse(request);
    api_log_change(request, "set the country of the radio");
    return peer_ask(api->network, request, "country", params, PEER_SOON_USEC, on_set, api);
}
