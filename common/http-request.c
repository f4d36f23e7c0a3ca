/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request as its handler sees it: parameters, headers, body. */

#include <gnutls/gnutls.h>
#include <string.h>

#include "http-internal.h"

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

int http_request_certificate(
        const struct http_request *request, const void **ret_der, size_t *ret_size)
{
    const union MHD_ConnectionInfo *info;
    const gnutls_datum_t *certificates;
    unsigned count = 0;

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info || !info->tls_session)
        return -ENODATA;
    certificates = gnutls_certificate_get_peers(info->tls_session, &count);
    if (!certificates || count == 0)
        return -ENODATA;
    *ret_der = certificates[0].data;
    *ret_size = certificates[0].size;
    return 0;
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

bool http_request_is_json(const struct http_request *request)
{
    return http_type_is_json(http_request_header(request, "Content-Type"));
}

int http_request_json(struct http_request *request, json_t **ret)
{
    char reason[HTTP_REASON_MAX];
    int r;

    if (!http_request_is_json(request)) {
        r = http_respond_problem(
                request, 415, "not_json", NULL, "The body has to be application/json.");
        return r < 0 ? r : -EBADMSG;
    }
    r = http_parse_json(request->body, request->body_size, ret, reason);
    if (r < 0) {
        r = http_respond_problem(request, 400, "bad_json", NULL, "The body %s.", reason);
        return r < 0 ? r : -EBADMSG;
    }
    return 0;
}
