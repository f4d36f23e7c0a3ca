/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The access tokens of scripts: making one, which is shown in the answer to the form and never
 * again, and revoking one.
 */

#include <stdio.h>
#include <string.h>

#include "plain.h"

#define PAGE "/tokens.html"
#define REVOKE_PAGE "/revoke.html"

/* Of its file. */
enum part {
    PART_HEAD,
    PART_TOKEN,
    PART_TAIL,
};

char *plain_scopes(const struct plain *page, const json_t *scopes)
{
    _cleanup_free_ char *all = NULL;
    const json_t *scope;
    size_t size, i;
    FILE *to = open_memstream(&all, &size);

    if (!to)
        return NULL;
    json_array_foreach ((json_t *)scopes, i, scope) {
        const char *name = json_string_value(scope) ?: "";

        fprintf(to, "%s%s", i > 0 ? ", " : "", text_of(plain_texts(page), "scope", name) ?: name);
    }
    fclose(to);
    return text_fill(
            plain_texts(page), "access.may", (const struct text_gap[]){{"what", all ?: ""}, {}});
}

static void add_token(struct plain *page, const json_t *token)
{
    _cleanup_free_ char *may = plain_scopes(page, json_object_get(token, "scopes"));
    time_t created = json_integer_value(json_object_get(token, "created"));
    char day[sizeof("2038-01-19")] = "";
    const struct text_gap name[] = {{"name", plain_text(token, "name")}, {}};
    const struct text_gap since[] = {{"may", may ?: ""}, {"date", day}, {}};
    struct tm tm;

    if (gmtime_r(&created, &tm))
        (void)strftime(day, sizeof(day), "%Y-%m-%d", &tm);
    plain_set(page, "name", name[0].value);
    plain_set(page, "id", plain_text(token, "id"));
    plain_say(page, "since", "token.since", since);
    plain_say(page, "revoke-name", "token.revoke.name", name);
    plain_part(page, PART_TOKEN);
}

/* `made` is a new token's text, or "". */
static int respond(struct plain *page, const char *made)
{
    _cleanup_json_ json_t *tokens = access_tokens_list(plain_api(page)->auth.tokens);
    json_t *token;
    size_t i;

    if (!tokens)
        return -ENOMEM;
    plain_set_shown(page, "token", "if-made", made);
    plain_show(page, "if-none", json_array_size(tokens) == 0);
    plain_part(page, PART_HEAD);
    json_array_foreach (tokens, i, token)
        add_token(page, token);
    plain_part(page, PART_TAIL);
    return plain_respond(page);
}

int plain_tokens_page(struct http_request *request, void *userdata)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_enter(request, userdata, SCOPE_OWNER);

    if (r == 0)
        r = plain_new(request, userdata, PAGE, &page);
    if (r != 0)
        return r < 0 ? r : 0;
    return respond(page, "");
}

static unsigned scopes_of(const struct http_field *network, const struct http_field *system)
{
    return SCOPE_READ | (network->value[0] ? SCOPE_NETWORK : 0) |
           (system->value[0] ? SCOPE_SYSTEM : 0);
}

static int make(struct http_request *request, struct api *api, const char *name, unsigned scopes)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    const struct access_token *made;
    char text[SECRET_SIZE] = "";
    int r = plain_new(request, api, PAGE, &page);

    if (r < 0)
        return r;
    r = api_token_make(request, api, name, scopes, text, &made);
    if (r == -EINVAL)
        plain_set_problem(page, "The name of a token has 1 to 64 bytes of text.");
    else if (r == -E2BIG)
        plain_set_problem(page, "There are too many tokens already: revoke one first.");
    else if (r < 0)
        return r;
    plain_set(page, "typed", r < 0 ? name : "");
    plain_set(page, "network", r < 0 && (scopes & SCOPE_NETWORK) ? "checked" : "");
    plain_set(page, "system", r < 0 && (scopes & SCOPE_SYSTEM) ? "checked" : "");
    r = respond(page, text);
    explicit_bzero(text, sizeof(text));
    return r;
}

int plain_token_make(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"name"}, {"network"}, {"system"}};
    int r = plain_form(request, userdata, SCOPE_OWNER, fields, ELEMENTSOF(fields));

    if (r != 0)
        return r < 0 ? r : 0;
    r = make(request, userdata, fields[0].value, scopes_of(&fields[1], &fields[2]));
    http_fields_done(fields, ELEMENTSOF(fields));
    return r;
}

/* -- revoking -------------------------------------------------------------------------------- */

int plain_revoke_page(struct http_request *request, void *userdata)
{
    const char *id = http_request_query(request, "token");
    _cleanup_(plain_free_p) struct plain *page = NULL;
    const struct access_token *token = NULL;
    struct api *api = userdata;
    int r = plain_enter(request, api, SCOPE_OWNER);

    if (r == 0)
        r = plain_new(request, api, REVOKE_PAGE, &page);
    if (r != 0)
        return r < 0 ? r : 0;
    if (id)
        token = access_tokens_find_id(api->auth.tokens, id);
    if (token)
        plain_say(page, "sure", "token.revoke.sure",
                (const struct text_gap[]){{"name", token->name}, {}});
    else
        plain_set_problem(page, "There is no such token.");
    plain_say(page, "what", "token.revoke.what", NULL);
    plain_set(page, "id", id);
    plain_show(page, "if-asked", token);
    plain_show(page, "if-gone", !token);
    return plain_respond_whole(page);
}

int plain_revoke(struct http_request *request, void *userdata)
{
    struct http_field field = {"token"};
    int r = plain_form(request, userdata, SCOPE_OWNER, &field, 1);

    if (r != 0)
        return r < 0 ? r : 0;
    r = api_token_revoke(request, userdata, field.value);
    http_fields_done(&field, 1);
    if (r == -ENOENT)
        return plain_refuse(request, userdata, 404, "There is no such token.");
    return r < 0 ? r : form_follow(request, PAGE, "#revoked");
}
