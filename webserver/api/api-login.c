/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /api/v1/session and /api/v1/password: logging in and out, and the device password. */

#include <string.h>

#include "login/login.h"
#include "login/place.h"
#include "unbox/log.h"

static json_t *session_to_json(unsigned scopes, const char *csrf)
{
    return json_pack("{sb sb so ss* si}", "password_set", 1, "logged_in", scopes != 0, "scopes",
            scopes_to_json(scopes), "csrf", csrf, "idle_seconds", SESSION_IDLE_SEC);
}

/*
 * Whether the first password may be set from where he is; and for whoever may, in which country the
 * device takes itself to be: he is asked to confirm it with the password.
 */
static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    char local[INET6_ADDRSTRLEN] = "";
    json_t *country = NULL;
    bool possible;

    (void)http_request_local(request, local);
    possible = place_of(local, answer->result);
    if (possible)
        country = json_object_get(json_object_get(answer->result, "country"), "code");
    return http_respond_json(request, 200,
            json_pack("{sb sb so sb sO*}", "password_set", 0, "logged_in", 0, "scopes",
                    scopes_to_json(0), "can_set_password", possible, "country", country));
}

int api_session_show(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    char csrf[SECRET_SIZE];
    struct visitor visitor;
    int r;

    if (!password_is_set(api->auth.password))
        return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, on_status, NULL);
    auth_visitor(&api->auth, request, &visitor);
    if (!visitor.session)
        return http_respond_json(request, 200, session_to_json(visitor.scopes, NULL));
    r = auth_csrf(visitor.token, csrf);
    return r < 0 ? r : http_respond_json(request, 200, session_to_json(visitor.scopes, csrf));
}

static int respond_wait(struct http_request *request, unsigned wait_sec)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", wait_sec);
    (void)http_request_add_header(request, "Retry-After", text);
    return http_respond_problem(request, 429, "too_many_requests", NULL,
            "Too many tries. Wait %u second%s.", wait_sec, wait_sec == 1 ? "" : "s");
}

static int on_login(
        struct http_request *request, struct api *api, const struct login_outcome *outcome)
{
    switch (outcome->code) {
    case LOGIN_DONE:
        return http_respond_json(request, 200, session_to_json(outcome->scopes, outcome->csrf));
    case LOGIN_WRONG:
        return http_respond_problem(
                request, 403, "wrong_password", NULL, "That is not the device password.");
    case LOGIN_NOT_SET:
        return http_respond_problem(
                request, 409, "password_not_set", NULL, "The device has no password yet.");
    case LOGIN_SET_ALREADY:
        return http_respond_problem(request, 409, "password_set", NULL,
                "The device has a password; to change it, say the current one too.");
    case LOGIN_NOT_HERE:
        return http_respond_problem(request, 403, "not_here", NULL,
                "The first password is set over the device's own Wi-Fi, or its cable.");
    case LOGIN_UNFIT:
        return http_respond_problem(request, 422, "unfit_password", NULL, "%s", outcome->text);
    case LOGIN_WAIT:
        return respond_wait(request, outcome->wait_sec);
    case LOGIN_FAILED:
        break;
    }
    return http_respond_problem(
            request, 503, "login_failed", NULL, "The device can't do that at the moment.");
}

int api_session_open(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    const char *secret;
    int r;

    r = api_body(request, &body, "{s:s!}", "password", &secret);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    return login_enter(userdata, request, secret, on_login);
}

int api_end_session(struct http_request *request, struct api *api)
{
    struct visitor visitor;
    int r = 0;

    auth_visitor(&api->auth, request, &visitor);
    if (visitor.session)
        r = sessions_close(api->auth.sessions, visitor.session);
    events_check(api->events);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "A session may be back after a restart");
    return auth_set_cookie(request, NULL);
}

int api_session_close(struct http_request *request, void *userdata)
{
    int r = api_end_session(request, userdata);

    return r < 0 ? r : http_respond_empty(request, 204);
}

int api_password_set(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *phrase, *current = NULL;
    int r;

    r = api_body(request, &body, "{s:s, s?s!}", "password", &phrase, "current", &current);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (!current)
        return login_begin(api, request, phrase, on_login);
    return login_change(api, request, current, phrase, on_login);
}
