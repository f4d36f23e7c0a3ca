/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /api/v1/tokens: the access tokens of scripts, which the owner makes and revokes. */

#include <string.h>
#include <time.h>

#include "api.h"
#include "unbox/log.h"

int api_tokens_list(struct http_request *request, void *userdata)
{
    struct api *api = userdata;

    return http_respond_json(
            request, 200, json_pack("{so}", "tokens", access_tokens_list(api->auth.tokens)));
}

/* It is shown to people, and in the journal. */
static bool is_name(const char *name)
{
    size_t size = strlen(name);

    if (size == 0 || size > ACCESS_TOKEN_NAME_MAX)
        return false;
    for (; *name; name++) {
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            return false;
    }
    return true;
}

static int respond_made(
        struct http_request *request, const struct access_token *made, const char *text)
{
    json_t *answer = access_token_to_json(made);

    if (!answer || json_object_set_new(answer, "token", json_string(text)) < 0) {
        json_decref(answer);
        return -ENOMEM;
    }
    return http_respond_json(request, 201, answer);
}

int api_token_make(struct http_request *request, struct api *api, const char *name, unsigned scopes,
        char ret[static SECRET_SIZE], const struct access_token **ret_made)
{
    int r;

    if (!is_name(name))
        return -EINVAL;
    r = access_tokens_make(api->auth.tokens, name, scopes, time(NULL), ret, ret_made);
    if (r == -E2BIG)
        return r;
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "An access token can't be stored");
    events_publish(api->events, "tokens.changed", NULL);
    api_log_change(request, "make an access token");
    return 0;
}

int api_tokens_make(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    const struct access_token *made;
    char text[SECRET_SIZE];
    unsigned scopes = 0;
    const char *name;
    json_t *names;
    int r;

    r = api_body(request, &body, "{s:s, s:o!}", "name", &name, "scopes", &names);
    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (scopes_from_json(names, &scopes) < 0 || (scopes & SCOPE_OWNER))
        return http_respond_problem(request, 422, "invalid_params", NULL,
                "The scopes of a token are some of read, network, system.");
    r = api_token_make(request, userdata, name, scopes, text, &made);
    if (r == -EINVAL)
        return http_respond_problem(request, 422, "invalid_params", NULL,
                "The name of a token has 1 to 64 bytes of text.");
    if (r == -E2BIG)
        return http_respond_problem(request, 409, "too_many_tokens", NULL,
                "There are %d tokens already: revoke one first.", ACCESS_TOKENS_MAX);
    if (r == 0)
        r = respond_made(request, made, text);
    explicit_bzero(text, sizeof(text));
    return r;
}

int api_token_revoke(struct http_request *request, struct api *api, const char *id)
{
    int r = access_tokens_revoke(api->auth.tokens, id);

    if (r == -ENOENT)
        return r;
    if (r == 0)
        r = sessions_close_of(api->auth.sessions, id);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "An access token can't be revoked for good");
    events_check(api->events);
    events_publish(api->events, "tokens.changed", NULL);
    api_log_change(request, "revoke an access token");
    return 0;
}

int api_tokens_revoke(struct http_request *request, void *userdata)
{
    int r = api_token_revoke(request, userdata, http_request_param(request, "id"));

    if (r == -ENOENT)
        return http_respond_problem(request, 404, "not_found", NULL, "There is no such token.");
    return r < 0 ? r : http_respond_empty(request, 204);
}
