/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "template.h"

#define REFUSED "/refused.html"
/* The services speak it. */
#define ENGLISH "en"

struct plain {
    struct http_request *request;
    struct api *api;
    json_t *kept;
    const struct asset *asset;
    const struct texts *texts;
    unsigned scopes;
    unsigned status;
    struct template_value *values; /* ended by {}; their texts are the page's own */
    size_t n_values;
    FILE *to;
    char *written;
    size_t size;
    bool failed; /* for want of memory */
};

/* -- who may --------------------------------------------------------------------------------- */

/* 1: the form has it, or there is no session that another page could use; 0: not. */
static int has_csrf(struct http_request *request, const struct visitor *visitor)
{
    struct http_field field = {"csrf"};
    char csrf[SECRET_SIZE];
    int r;

    if (!visitor->session || strcmp(http_request_method(request), "POST") != 0)
        return 1;
    r = auth_csrf(visitor->token, csrf);
    if (r == 0) {
        r = http_request_form(request, &field, 1);
        if (r == 0)
            r = secret_equal(field.value, csrf);
        http_fields_done(&field, 1);
    }
    return r == -EBADMSG ? 0 : r;
}

int plain_enter(struct http_request *request, struct api *api, enum scope scope)
{
    struct visitor visitor;
    int r;

    auth_visitor(&api->auth, request, &visitor);
    if (visitor.scopes == 0) {
        r = form_lead_in(request, api);
        return r < 0 ? r : 1;
    }
    auth_note_use(&api->auth, request, &visitor);
    if (!(visitor.scopes & scope)) {
        r = plain_refuse(request, api, 403, "This login may not do that.");
        return r < 0 ? r : 1;
    }
    r = has_csrf(request, &visitor);
    if (r == 0) {
        r = plain_refuse(
                request, api, 403, "This page is out of date. Load it again, then try once more.");
        return r < 0 ? r : 1;
    }
    return r < 0 ? r : 0;
}

int plain_form(struct http_request *request, struct api *api, enum scope scope,
        struct http_field *fields, size_t n_fields)
{
    int r = plain_enter(request, api, scope);

    if (r != 0)
        return r;
    r = http_request_form(request, fields, n_fields);
    if (r == 0)
        return 0;
    http_fields_done(fields, n_fields);
    if (r == -EBADMSG)
        r = form_refuse(request);
    return r < 0 ? r : 1;
}

int plain_ask_status(struct http_request *request, struct api *api, peer_reply reply)
{
    int r = plain_enter(request, api, SCOPE_NETWORK);

    if (r != 0)
        return r < 0 ? r : 0;
    return peer_ask(api->network, request, "status", NULL, PEER_SOON_USEC, reply, api);
}

/* -- values ---------------------------------------------------------------------------------- */

void plain_take(struct plain *page, const char *name, char *text)
{
    struct template_value *values = page->values;

    for (size_t i = 0; i < page->n_values && text; i++) {
        if (strcmp(values[i].name, name) == 0) {
            free((char *)values[i].text);
            values[i].text = text;
            return;
        }
    }
    /* With the one that ends them. */
    if (text)
        values = reallocarray(values, page->n_values + 2, sizeof(*values));
    if (!text || !values) {
        free(text);
        page->failed = true;
        return;
    }
    values[page->n_values++] = (struct template_value){name, text};
    values[page->n_values] = (struct template_value){};
    page->values = values;
}

void plain_set(struct plain *page, const char *name, const char *text)
{
    plain_take(page, name, strdup(text ?: ""));
}

void plain_say(struct plain *page, const char *name, const char *key, const struct text_gap *gaps)
{
    plain_take(page, name, text_fill(page->texts, key, gaps));
}

void plain_say_of(struct plain *page, const char *name, const char *family, const char *member,
        const struct text_gap *gaps, const char *otherwise)
{
    _cleanup_free_ char *key = NULL;

    if (asprintf(&key, "%s.%s", family, member) < 0) {
        key = NULL;
        page->failed = true;
    } else if (text_find(page->texts, key))
        plain_say(page, name, key, gaps);
    else
        plain_set(page, name, otherwise);
}

void plain_set_list(struct plain *page, const char *name, const json_t *list)
{
    char *text = NULL;
    const json_t *item;
    size_t size, i;
    FILE *to = open_memstream(&text, &size);

    if (to) {
        json_array_foreach ((json_t *)list, i, item)
            fprintf(to, "%s%s", i > 0 ? ", " : "", json_string_value(item) ?: "");
        fclose(to);
    }
    plain_take(page, name, text);
}

void plain_printf(struct plain *page, const char *name, const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    plain_take(page, name, text);
}

void plain_show(struct plain *page, const char *name, bool shown)
{
    plain_set(page, name, shown ? "" : "hidden");
}

void plain_set_shown(struct plain *page, const char *name, const char *condition, const char *text)
{
    plain_set(page, name, text);
    plain_show(page, condition, text && text[0]);
}

void plain_set_said(
        struct plain *page, const char *name, const char *language_name, const char *sentence)
{
    const char *known = text_said(page->texts, sentence);

    plain_set(page, name, known ?: sentence);
    plain_set(page, language_name, known ? page->texts->language : ENGLISH);
}

void plain_set_problem(struct plain *page, const char *sentence)
{
    plain_set_said(page, "problem", "problem-language", sentence);
    plain_show(page, "if-problem", sentence[0]);
}

void plain_set_refusal(struct plain *page, const struct peer_answer *answer)
{
    _cleanup_json_ json_t *problem = peer_problem_to_json(answer);

    if (problem)
        plain_set_problem(page, plain_text(problem, "detail"));
    else
        page->failed = true;
}

/* -- the page -------------------------------------------------------------------------------- */

/* What every page has, as it is before anything went wrong. */
static int set_common(struct plain *page, struct api *api)
{
    char csrf[SECRET_SIZE] = "";
    struct visitor visitor;
    int r = 0;

    auth_visitor(&api->auth, page->request, &visitor);
    if (visitor.token)
        r = auth_csrf(visitor.token, csrf);
    if (r < 0)
        return r;
    page->scopes = visitor.scopes;
    plain_set(page, "csrf", csrf);
    plain_set_problem(page, "");
    plain_show(page, "if-network", plain_may(page, SCOPE_NETWORK));
    plain_show(page, "if-system", plain_may(page, SCOPE_SYSTEM));
    return 0;
}

int plain_new(struct http_request *request, struct api *api, const char *path, struct plain **ret)
{
    _cleanup_(plain_free_p) struct plain *page = calloc(1, sizeof(*page));
    int r;

    if (!page)
        return -ENOMEM;
    page->request = request;
    page->api = api;
    page->status = 200;
    page->asset = assets_for(request, path);
    if (!page->asset)
        return -ENOENT;
    page->texts = texts_in(page->asset->language);
    page->to = open_memstream(&page->written, &page->size);
    if (!page->to)
        return -ENOMEM;
    r = set_common(page, api);
    if (r < 0)
        return r;
    *ret = STEAL(page);
    return 0;
}

struct plain *plain_free(struct plain *page)
{
    if (!page)
        return NULL;
    for (size_t i = 0; i < page->n_values; i++)
        free((char *)page->values[i].text);
    free(page->values);
    json_decref(page->kept);
    if (page->to)
        fclose(page->to);
    free(page->written);
    free(page);
    return NULL;
}

void plain_keep(struct plain *page, json_t *kept)
{
    json_decref(page->kept);
    page->kept = json_incref(kept);
}

const json_t *plain_kept(const struct plain *page)
{
    return page->kept;
}

struct api *plain_api(const struct plain *page)
{
    return page->api;
}

const struct texts *plain_texts(const struct plain *page)
{
    return page->texts;
}

unsigned plain_may_all(const struct plain *page)
{
    return page->scopes;
}

bool plain_may(const struct plain *page, enum scope scope)
{
    return page->scopes & scope;
}

void plain_part(struct plain *page, unsigned part)
{
    template_write(page->to, page->asset, part, page->values);
}

int plain_respond(struct plain *page)
{
    int r = fclose(page->to);

    page->to = NULL;
    if (r != 0 || page->failed)
        return -ENOMEM;
    return assets_respond_made(page->request, page->status, page->asset, page->written, page->size);
}

int plain_respond_whole(struct plain *page)
{
    plain_part(page, 0);
    return plain_respond(page);
}

int plain_refresh(struct http_request *request, unsigned seconds, const char *path)
{
    char text[64];

    snprintf(text, sizeof(text), "%u%s%s", seconds, path ? "; url=" : "", path ?: "");
    return http_request_add_header(request, "Refresh", text);
}

int plain_refuse(
        struct http_request *request, struct api *api, unsigned status, const char *sentence)
{
    _cleanup_(plain_free_p) struct plain *page = NULL;
    int r = plain_new(request, api, REFUSED, &page);

    if (r < 0)
        return r;
    page->status = status;
    plain_set_problem(page, sentence);
    return plain_respond_whole(page);
}

const char *plain_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name)) ?: "";
}
