/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request as its handler sees it: parameters, headers, body, and the connection it came on. */

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

#include "http-internal.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define FILES_TYPE "multipart/form-data"
#define FORM_MEMORY 1024

struct http_request *http_request_new(struct http_server *server, const char *raw_uri)
{
    struct http_request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->server = server;
    request->uri_begin = (uintptr_t)raw_uri;
    request->uri_size = strlen(raw_uri);
    /* Decoded it would end the string, and the rest would hide behind a harmless path. */
    request->bad_uri = strstr(raw_uri, "%00");
    request->split_uri = strchr(raw_uri, ' ');
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

const char *http_request_cookie(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_COOKIE_KIND, name);
}

const char *http_request_peer(const struct http_request *request)
{
    return request->peer;
}

int http_print_address(const struct sockaddr *address, char ret[static INET6_ADDRSTRLEN])
{
    static const char mapped[] = "::ffff:";
    size_t size = address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                  : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : 0;
    char text[NI_MAXHOST];
    const char *plain = text;

    if (!size || getnameinfo(address, size, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0)
        return -EAFNOSUPPORT;
    if (strncmp(text, mapped, strlen(mapped)) == 0 && strchr(text, '.'))
        plain += strlen(mapped);
    return copy_text(ret, INET6_ADDRSTRLEN, plain) ? 0 : -EAFNOSUPPORT;
}

int http_request_local(const struct http_request *request, char ret[static INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info;
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return -ENOTCONN;
    if (getsockname(info->connect_fd, (struct sockaddr *)&address, &size) < 0)
        return -errno;
    return http_print_address((struct sockaddr *)&address, ret);
}

int http_request_local_port(const struct http_request *request)
{
    const union MHD_ConnectionInfo *info;
    union {
        struct sockaddr any;
        struct sockaddr_in in;
    } address = {};
    socklen_t size = sizeof(address);

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info || getsockname(info->connect_fd, &address.any, &size) < 0)
        return -ENOTCONN;
    if (address.any.sa_family != AF_INET && address.any.sa_family != AF_INET6)
        return -EAFNOSUPPORT;
    /* It is at the same place in both. */
    return ntohs(address.in.sin_port);
}

bool http_request_is_tls(const struct http_request *request)
{
    const union MHD_ConnectionInfo *info;

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    return info && info->tls_session;
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

bool http_request_answered(const struct http_request *request)
{
    return request->response;
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

/* A weak tag says that something else is good enough, which it isn't for a change. */
bool http_request_if_match(const struct http_request *request, const char *etag)
{
    const char *list = http_request_header(request, "If-Match");

    return !list || (!strstr(list, "W/") && http_lists_etag(list, etag));
}

bool http_request_is_json(const struct http_request *request)
{
    return http_type_is(http_request_header(request, "Content-Type"), "application/json");
}

bool http_request_is_form(const struct http_request *request)
{
    const char *type = http_request_header(request, "Content-Type");

    return http_type_is(type, FORM_TYPE) || http_type_is(type, FILES_TYPE);
}

struct form {
    struct http_field *fields;
    size_t n_fields;
    bool bad;
};

/* A value comes in pieces. */
static enum MHD_Result on_field(void *userdata, enum MHD_ValueKind kind, const char *name,
        const char *filename, const char *type, const char *encoding, const char *data,
        uint64_t offset, size_t size)
{
    struct form *form = userdata;

    for (size_t i = 0; i < form->n_fields; i++) {
        struct http_field *field = &form->fields[i];

        if (strcmp(field->name, name) != 0)
            continue;
        if (offset + size >= field->size || memchr(data, '\0', size)) {
            form->bad = true;
            return MHD_NO;
        }
        memcpy(field->value + offset, data, size);
        field->value[offset + size] = '\0';
    }
    return MHD_YES;
}

void http_fields_done(struct http_field *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++) {
        if (fields[i].value)
            explicit_bzero(fields[i].value, fields[i].size);
        free(fields[i].value);
        fields[i].value = NULL;
    }
}

static int make_room(struct http_field *fields, size_t n_fields)
{
    for (size_t i = 0; i < n_fields; i++) {
        fields[i].size = (fields[i].max ?: HTTP_FIELD_MAX) + 1;
        fields[i].value = calloc(1, fields[i].size);
        if (!fields[i].value)
            return -ENOMEM;
    }
    return 0;
}

int http_request_form(struct http_request *request, struct http_field *fields, size_t n_fields)
{
    struct form form = {.fields = fields, .n_fields = n_fields};
    struct MHD_PostProcessor *processor;
    bool read = true;
    int r;

    r = make_room(fields, n_fields);
    if (r < 0)
        return r;
    if (!http_request_is_form(request))
        return -EBADMSG;
    /* NULL is for one of several parts, too, that doesn't say where they end. */
    processor = MHD_create_post_processor(request->connection, FORM_MEMORY, on_field, &form);
    if (!processor)
        return -EBADMSG;
    if (request->body_size > 0)
        read = MHD_post_process(processor, request->body, request->body_size) == MHD_YES;
    read = MHD_destroy_post_processor(processor) == MHD_YES && read;
    return read && !form.bad ? 0 : -EBADMSG;
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
