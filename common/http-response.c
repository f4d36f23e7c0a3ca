/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Answers. Each becomes a libmicrohttpd response that the request keeps until the server queues it:
 * that is only allowed from libmicrohttpd's own callback, and a late answer comes from elsewhere.
 */

#include <stdarg.h>
#include <string.h>

#include "http-internal.h"

static int add_headers(struct http_request *request, struct MHD_Response *response)
{
    const char *const *header = http_server_headers(request->server);

    for (; header && *header; header += 2) {
        if (MHD_add_response_header(response, header[0], header[1]) != MHD_YES)
            return -ENOMEM;
    }
    for (size_t i = 0; i < request->n_headers; i++) {
        if (MHD_add_response_header(
                    response, request->headers[i].name, request->headers[i].value) != MHD_YES)
            return -ENOMEM;
    }
    return 0;
}

/* A late answer that can't be made ends the connection: its handler has returned, and nobody else
 * would. Passes `r` on. */
static int check_late(struct http_request *request, int r)
{
    if (r < 0)
        http_server_answered(request);
    return r;
}

int http_respond(struct http_request *request, unsigned status, const char *type,
        struct MHD_Response *response)
{
    int r;

    if (!response)
        return check_late(request, -ENOMEM);
    r = add_headers(request, response);
    if (r == 0 && type && MHD_add_response_header(response, "Content-Type", type) != MHD_YES)
        r = -ENOMEM;
    if (r < 0) {
        MHD_destroy_response(response);
        return check_late(request, r);
    }
    if (request->response)
        MHD_destroy_response(request->response);
    request->response = response;
    request->status = status;
    http_server_answered(request);
    return 0;
}

static struct MHD_Response *new_empty(void)
{
    return MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
}

/* The answer may have a password or a key in it. */
static void wipe(void *text)
{
    explicit_bzero(text, strlen(text));
    free(text);
}

static int respond_json_as(
        struct http_request *request, unsigned status, const char *type, json_t *body)
{
    struct MHD_Response *response;
    char *text;

    text = json_dumps(body, JSON_COMPACT);
    json_decref(body);
    if (!text)
        return check_late(request, -ENOMEM);
    response = MHD_create_response_from_buffer_with_free_callback(strlen(text), text, wipe);
    if (!response)
        wipe(text);
    /* What it tells is of this moment. */
    else if (MHD_add_response_header(response, "Cache-Control", "no-store") != MHD_YES) {
        MHD_destroy_response(response);
        response = NULL;
    }
    return http_respond(request, status, type, response);
}

int http_respond_json(struct http_request *request, unsigned status, json_t *body)
{
    return respond_json_as(request, status, "application/json", body);
}

int http_respond_empty(struct http_request *request, unsigned status)
{
    return http_respond(request, status, NULL, new_empty());
}

_printf_(3, 0) static json_t *new_problem(
        unsigned status, const char *code, const char *format, va_list args)
{
    json_t *detail = json_vsprintf(format, args);

    /* json_vsprintf() makes nothing of a text that is not UTF-8. */
    return json_pack("{ss ss si ss so*}", "type", "about:blank", "title",
            MHD_get_reason_phrase_for(status), "status", (int)status, "code", code, "detail",
            detail);
}

int http_respond_problem(struct http_request *request, unsigned status, const char *code,
        json_t *extra, const char *format, ...)
{
    json_t *problem;
    va_list args;
    bool complete;

    va_start(args, format);
    problem = new_problem(status, code, format, args);
    va_end(args);
    complete = problem && (!extra || json_object_update(problem, extra) == 0);
    json_decref(extra);
    if (!complete) {
        json_decref(problem);
        return check_late(request, -ENOMEM);
    }
    return respond_json_as(request, status, "application/problem+json", problem);
}

int http_respond_static(struct http_request *request, unsigned status, const char *type,
        const char *etag, const void *data, size_t size)
{
    struct MHD_Response *response;
    int r;

    if (etag) {
        r = http_request_add_header(request, "ETag", etag);
        if (r < 0)
            return check_late(request, r);
        if (http_lists_etag(http_request_header(request, "If-None-Match"), etag))
            return http_respond(request, 304, NULL, new_empty());
    }
    response = MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_PERSISTENT);
    return http_respond(request, status, type, response);
}

int http_respond_data(struct http_request *request, unsigned status, const char *type,
        const void *data, size_t size)
{
    return http_respond(request, status, type,
            MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_MUST_COPY));
}

int http_respond_redirect(struct http_request *request, const char *location)
{
    int r = http_request_add_header(request, "Location", location);

    return r < 0 ? check_late(request, r) : http_respond_empty(request, 302);
}
