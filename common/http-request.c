/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request as its handler sees it: parameters, headers, body. */

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http-internal.h"

#define JSON_LEVELS_MAX 16

struct http_request *http_request_new(struct http_server *server, const char *raw_uri)
{
    struct http_request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->server = server;
    /* Decoded it would end the string, and the rest would hide behind a harmless path. */
    request->bad_uri = strstr(raw_uri, "%00") != NULL;
    return request;
}

struct http_request *http_request_free(struct http_request *request)
{
    if (!request)
        return NULL;
    if (request->response)
        MHD_destroy_response(request->response);
    for (size_t i = 0; i < request->n_params; i++)
        free(request->params[i].value);
    for (size_t i = 0; i < request->n_headers; i++) {
        free(request->headers[i].name);
        free(request->headers[i].value);
    }
    if (request->body)
        explicit_bzero(request->body, request->body_allocated); /* it may be a password */
    free(request->body);
    free(request);
    return NULL;
}

/* Not realloc(): the old copy must not stay in memory either. */
static int grow(struct http_request *request, size_t need)
{
    size_t allocated = request->body_allocated ? request->body_allocated : 1024;
    char *body;

    while (allocated < need)
        allocated *= 2;
    body = malloc(allocated);
    if (!body)
        return -ENOMEM;
    if (request->body) {
        memcpy(body, request->body, request->body_size);
        explicit_bzero(request->body, request->body_allocated);
        free(request->body);
    }
    request->body = body;
    request->body_allocated = allocated;
    return 0;
}

int http_request_append(struct http_request *request, const char *data, size_t size, size_t max)
{
    int r;

    if (size > max || request->body_size > max - size)
        return -E2BIG;
    if (request->body_size + size > request->body_allocated) {
        r = grow(request, request->body_size + size);
        if (r < 0)
            return r;
    }
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    return 0;
}

bool http_request_has_body(const struct http_request *request, uint64_t *ret_size)
{
    const char *length = http_request_header(request, "Content-Length");

    *ret_size = length ? strtoull(length, NULL, 10) : 0;
    return *ret_size > 0 || http_request_header(request, "Transfer-Encoding");
}

const char *http_request_method(const struct http_request *request)
{
    return request->method;
}

const char *http_request_path(const struct http_request *request)
{
    return request->path;
}

const char *http_request_param(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->n_params; i++) {
        const struct http_param *param = &request->params[i];

        if (strlen(name) == param->name_size && memcmp(param->name, name, param->name_size) == 0)
            return param->value;
    }
    return NULL;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *http_request_query(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const void *http_request_body(const struct http_request *request, size_t *ret_size)
{
    *ret_size = request->body_size;
    return request->body;
}

const char *http_request_peer(const struct http_request *request)
{
    return request->peer;
}

int http_request_add_header(struct http_request *request, const char *name, const char *value)
{
    struct http_header *header;

    if (request->n_headers == HTTP_HEADERS_MAX)
        return -E2BIG;
    /* A line break would let the value write headers of its own. */
    if (strpbrk(name, "\r\n") || strpbrk(value, "\r\n"))
        return -EINVAL;
    header = &request->headers[request->n_headers];
    header->name = strdup(name);
    header->value = strdup(value);
    request->n_headers++;
    return header->name && header->value ? 0 : -ENOMEM;
}

static bool is_json(const char *type)
{
    static const char json[] = "application/json";

    if (!type || strncasecmp(type, json, strlen(json)) != 0)
        return false;
    type += strlen(json);
    type += strspn(type, " \t");
    return *type == '\0' || *type == ';';
}

/* Callers walk what they got; nobody's stack should depend on what a stranger sends. */
static bool is_deeper(const json_t *value, unsigned levels)
{
    const char *key;
    json_t *member;
    size_t i;

    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (levels == 0)
        return true;
    json_object_foreach ((json_t *)value, key, member) {
        if (is_deeper(member, levels - 1))
            return true;
    }
    json_array_foreach (value, i, member) {
        if (is_deeper(member, levels - 1))
            return true;
    }
    return false;
}

int http_request_json(struct http_request *request, json_t **ret)
{
    _cleanup_json_ json_t *body = NULL;
    json_error_t error;
    int r;

    if (!is_json(http_request_header(request, "Content-Type"))) {
        r = http_respond_problem(
                request, 415, "not_json", NULL, "The body has to be application/json.");
        return r < 0 ? r : -EBADMSG;
    }
    body = json_loadb(
            request->body ? request->body : "", request->body_size, JSON_REJECT_DUPLICATES, &error);
    if (!body)
        r = http_respond_problem(request, 400, "bad_json", NULL,
                "The body is not JSON: line %d, column %d.", error.line, error.column);
    else if (!json_is_object(body))
        r = http_respond_problem(
                request, 400, "bad_json", NULL, "The body has to be a JSON object.");
    else if (is_deeper(body, JSON_LEVELS_MAX))
        r = http_respond_problem(request, 400, "bad_json", NULL,
                "The body has more than %d levels.", JSON_LEVELS_MAX);
    else {
        *ret = STEAL(body);
        return 0;
    }
    return r < 0 ? r : -EBADMSG;
}
