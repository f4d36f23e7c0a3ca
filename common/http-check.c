/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What is refused before a body is read: what can be read in two ways, what is too long, what the
 * server's `before` doesn't want, and what no route takes.
 *
 * What libmicrohttpd can't read at all never comes here, and it has no hook for the words of its
 * own refusals: a first line that is none, or of another version than HTTP/1; a header without a
 * colon; headers that don't fit into its memory; a Content-Length, or the size of a chunk, that is
 * no number. These alone are no problem+json, and don't carry the server's headers: a status, one
 * of its sentences in HTML, which has nothing of the request in it, and the end of the connection
 * (or, after a first line without a blank, just that). Its check of the Host and of blanks in an
 * address is switched off in http-server.c, and done here.
 */

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http-internal.h"

/* The addresses of the API are short, and a browser's headers with the cookies of all that is on
 * this host besides: what servers usually take. */
#define URI_MAX 4096
#define HEAD_MAX (8 * 1024)

/* Where things are in libmicrohttpd's memory: only compared. */
struct framing {
    uintptr_t next; /* where the next header has to begin */
    unsigned lengths;
    unsigned encodings;
    unsigned hosts;
    bool odd;
};

static uintptr_t end_of(const char *text)
{
    return (uintptr_t)text + strlen(text);
}

/*
 * Up to 1.0 libmicrohttpd takes a line feed alone for the end of a line, reads nothing of a line
 * behind a NUL, and joins a line that goes on (with a blank) to the *name* of its header, so that
 * "Content-Lengt: 5", " h" becomes a length that no proxy has seen. It writes a NUL in the place of
 * each colon and line end that it finds: in headers that are what they look like there is nothing
 * else between them.
 */
static bool is_whole(struct framing *framing, const char *name, const char *value)
{
    uintptr_t begin = (uintptr_t)name, colon = end_of(name), at = (uintptr_t)value;

    if (begin != framing->next || at <= colon || at - colon > HEAD_MAX)
        return false;
    for (const char *blank = name + strlen(name) + 1; blank < value; blank++) {
        if (*blank != ' ' && *blank != '\t')
            return false;
    }
    framing->next = end_of(value) + 2;
    return true;
}

static enum MHD_Result on_header(
        void *userdata, enum MHD_ValueKind kind, const char *name, const char *value)
{
    static const char marks[] = "!#$%&'*+-.^_`|~0123456789";
    struct framing *framing = userdata;

    if (!value) {
        framing->odd = true;
        return MHD_NO;
    }
    if (MHD_VERSION < 0x01000000 && !is_whole(framing, name, value))
        framing->odd = true;
    if (strcasecmp(name, "Content-Length") == 0) {
        framing->lengths++;
        framing->odd |= !*value || value[strspn(value, "0123456789")];
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        framing->encodings++;
        framing->odd |= strcasecmp(value, "chunked") != 0;
    } else if (strcasecmp(name, "Host") == 0)
        framing->hosts++;
    framing->odd |= !*name || strpbrk(value, "\r\n");
    for (; *name; name++)
        framing->odd |= !isalpha((unsigned char)*name) && !strchr(marks, *name);
    return MHD_YES;
}

/* The first line: three words with one blank between them. */
static bool is_line(const struct http_request *request)
{
    if (MHD_VERSION >= 0x01000000)
        return true;
    return !request->split_uri && end_of(request->method) + 1 == request->uri_begin &&
           request->uri_begin + request->uri_size + 1 == (uintptr_t)request->version;
}

/*
 * Whether it can be read in one way only (RFC 9112, 6.1 and 11.2): a proxy that reads it in another
 * one would take the end of this request for the beginning of somebody else's. `size` is that of
 * the first line and the headers.
 */
static bool is_clear(const struct http_request *request, size_t size)
{
    struct framing framing = {.next = end_of(request->version) + 2};
    bool old = strcmp(request->version, "HTTP/1.0") == 0;

    (void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, on_header, &framing);
    /* The empty line is the last. */
    if (MHD_VERSION < 0x01000000 && framing.next + 2 != (uintptr_t)request->method + size)
        return false;
    return is_line(request) && !framing.odd && framing.hosts <= 1 && framing.hosts + old >= 1 &&
           framing.lengths + framing.encodings <= 1;
}

/* Of the first line and the headers, in bytes. */
static size_t head_size(const struct http_request *request)
{
    const union MHD_ConnectionInfo *info;

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

static int check_form(struct http_request *request)
{
    size_t size = head_size(request);
    int r;

    if (!is_clear(request, size)) {
        /* Nobody knows what it is that follows. */
        r = http_request_add_header(request, "Connection", "close");
        return r < 0 ? r
                     : http_respond_problem(request, 400, "bad_request", NULL,
                               "It is not clear from its headers where the request ends, or whom "
                               "it is for.");
    }
    if (request->bad_uri)
        return http_respond_problem(
                request, 400, "bad_request", NULL, "The address holds a NUL byte.");
    if (request->uri_size > URI_MAX)
        return http_respond_problem(request, 414, "address_too_long", NULL,
                "An address has at most %d bytes.", URI_MAX);
    if (size > HEAD_MAX)
        return http_respond_problem(request, 431, "headers_too_large", NULL,
                "A request's headers have at most %d bytes.", HEAD_MAX);
    return 0;
}

static bool takes_method(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* Its route, or one that takes the path, but with another method. */
static int find_route(struct http_request *request, const struct http_route *routes,
        const struct http_route **ret_other)
{
    int r;

    for (const struct http_route *route = routes; route->path; route++) {
        r = http_route_match(route->path, request->path, request);
        if (r < 0)
            return r;
        if (r == 0)
            continue;
        if (takes_method(route, request->method)) {
            request->route = route;
            return 0;
        }
        *ret_other = route;
    }
    return 0;
}

static int check_route(struct http_request *request, const struct http_route *other)
{
    uint64_t size;
    int r;

    if (!request->route && other) {
        r = http_request_add_header(request, "Allow", other->method);
        return r < 0 ? r
                     : http_respond_problem(request, 405, "method_not_allowed", NULL,
                               "This resource only takes %s.", other->method);
    }
    if (http_request_has_body(request, &size) &&
            size > (request->route ? request->route->max_body : 0))
        return http_respond_problem(request, 413, "too_large", NULL, "The body is too large.");
    return 0;
}

int http_request_check(struct http_request *request, const struct http_server_options *options)
{
    const struct http_route *other = NULL;
    int r;

    r = check_form(request);
    if (r < 0 || request->response)
        return r;
    r = find_route(request, options->routes, &other);
    if (r == 0 && options->before)
        r = options->before(request, options->userdata);
    if (r < 0 || request->response)
        return r < 0 ? r : 0;
    return check_route(request, other);
}
