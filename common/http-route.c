/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which pattern a path is of. A pattern is compared segment by segment; a name in braces takes one
 * whole segment, which is never empty. Patterns are few and short: comparing them in turn is faster
 * than anything clever.
 */

#include <string.h>

#include "http-internal.h"

static void forget_params(struct http_request *request)
{
    for (size_t i = 0; i < request->n_params; i++)
        free(request->params[i].value);
    request->n_params = 0;
}

static int take_param(struct http_request *request, const char *segment, size_t n_segment,
        const char *path, size_t n)
{
    struct http_param *param;

    if (request->n_params == HTTP_PARAMS_MAX)
        return -E2BIG;
    param = &request->params[request->n_params];
    param->value = strndup(path, n);
    if (!param->value)
        return -ENOMEM;
    param->name = segment + 1;
    param->name_size = n_segment - 2;
    request->n_params++;
    return 1;
}

static int match_segment(struct http_request *request, const char *segment, size_t n_segment,
        const char *path, size_t n)
{
    if (n_segment > 2 && segment[0] == '{' && segment[n_segment - 1] == '}')
        return n > 0 ? take_param(request, segment, n_segment, path, n) : 0;
    return n_segment == n && memcmp(segment, path, n) == 0;
}

int http_route_match(const char *pattern, const char *path, struct http_request *request)
{
    int r;

    forget_params(request);
    for (;;) {
        size_t n_segment = strcspn(pattern, "/");
        size_t n = strcspn(path, "/");

        r = match_segment(request, pattern, n_segment, path, n);
        pattern += n_segment;
        path += n;
        if (r > 0 && *pattern == '\0' && *path == '\0')
            return 1;
        if (r <= 0 || *pattern != *path) {
            forget_params(request);
            return r < 0 ? r : 0;
        }
        pattern++;
        path++;
    }
}
