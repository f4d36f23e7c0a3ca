/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The forms of the login, as a browser sends them by itself: they work without a script. What comes
 * of it is the page that follows; a page's part after the # shows what went wrong (style.css), so
 * that no page has to be made here.
 */

#include <string.h>

#include "login/login.h"

struct form {
    struct http_field fields[3]; /* secrets */
};

static void form_wipe(struct form *form)
{
    http_fields_done(form->fields, ELEMENTSOF(form->fields));
}

int form_refuse(struct http_request *request)
{
    return http_respond_problem(request, 400, "bad_form", NULL, "That is no form of this page.");
}

int form_follow(struct http_request *request, const char *page, const char *part)
{
    char location[64];
    int r;

    snprintf(location, sizeof(location), "%s%s", page, part);
    r = http_request_add_header(request, "Cache-Control", "no-store");
    return r < 0 ? r : http_respond_redirect(request, location);
}

int form_lead_in(struct http_request *request, struct api *api)
{
    return form_follow(
            request, password_is_set(api->auth.password) ? "/login.html" : "/welcome.html", "");
}

/* Whether a browser without a script has sent it: it has a field that others don't see
 * (<noscript>). */
static bool is_plain(struct http_request *request)
{
    struct http_field field = {"plain"};
    bool plain = http_request_form(request, &field, 1) == 0 && field.value[0];

    http_fields_done(&field, 1);
    return plain;
}

/* Where it goes on after `outcome` of a form on `page`. */
static int follow(
        struct http_request *request, const struct login_outcome *outcome, const char *page)
{
    switch (outcome->code) {
    case LOGIN_DONE:
        return form_follow(request, "/", "");
    case LOGIN_NOT_SET:
        return form_follow(request, "/welcome.html", "");
    case LOGIN_SET_ALREADY:
        return form_follow(request, "/login.html", "#set");
    case LOGIN_WRONG:
        return form_follow(request, page, "#wrong");
    case LOGIN_NOT_HERE:
        return form_follow(request, page, "#elsewhere");
    case LOGIN_UNFIT:
        return form_follow(request, page, "#unfit");
    case LOGIN_WAIT:
        return form_follow(request, page, "#wait");
    case LOGIN_FAILED:
        break;
    }
    return form_follow(request, page, "#failed");
}

static int on_login(
        struct http_request *request, struct api *api, const struct login_outcome *outcome)
{
    if (outcome->code == LOGIN_DONE && is_plain(request))
        return form_follow(request, "/network.html", "");
    return follow(request, outcome, "/login.html");
}

/* Whatever became of it: the page asks for the country until it is known. */
static int on_country(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    return form_follow(request, "/", "#setup");
}

/* The country comes with the password, but is nobody's to set before there is one. Without a script
 * it has a page of its own. */
static int on_welcome(
        struct http_request *request, struct api *api, const struct login_outcome *outcome)
{
    _cleanup_(form_wipe) struct form form = {{{"country"}}};
    json_t *params;

    if (outcome->code != LOGIN_DONE)
        return follow(request, outcome, "/welcome.html");
    if (is_plain(request))
        return form_follow(request, "/country.html", "?setup=yes");
    if (http_request_form(request, form.fields, 1) < 0 || !form.fields[0].value[0])
        return form_follow(request, "/", "#setup");
    params = json_pack("{s:s}", "code", form.fields[0].value);
    if (!params)
        return form_follow(request, "/", "#setup");
    api_log_change(request, "set the country of the radio");
    return peer_ask(api->network, request, "country", params, PEER_SOON_USEC, on_country, NULL);
}

static int on_password(
        struct http_request *request, struct api *api, const struct login_outcome *outcome)
{
    if (outcome->code == LOGIN_DONE && is_plain(request))
        return form_follow(request, "/system.html", "#password");
    return follow(request, outcome, "/password.html");
}

int form_login(struct http_request *request, void *userdata)
{
    _cleanup_(form_wipe) struct form form = {{{"password"}}};

    if (http_request_form(request, form.fields, 1) < 0)
        return form_refuse(request);
    return login_enter(userdata, request, form.fields[0].value, on_login);
}

int form_welcome(struct http_request *request, void *userdata)
{
    _cleanup_(form_wipe) struct form form = {{{"password"}, {"again"}}};

    if (http_request_form(request, form.fields, 2) < 0)
        return form_refuse(request);
    if (strcmp(form.fields[0].value, form.fields[1].value) != 0)
        return form_follow(request, "/welcome.html", "#different");
    return login_begin(userdata, request, form.fields[0].value, on_welcome);
}

int form_password(struct http_request *request, void *userdata)
{
    _cleanup_(form_wipe) struct form form = {{{"password"}, {"again"}, {"current"}}};

    if (http_request_form(request, form.fields, 3) < 0)
        return form_refuse(request);
    if (strcmp(form.fields[0].value, form.fields[1].value) != 0)
        return form_follow(request, "/password.html", "#different");
    return login_change(userdata, request, form.fields[2].value, form.fields[0].value, on_password);
}
