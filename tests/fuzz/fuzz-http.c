/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a browser, or somebody who plays one, sends: a line with a path, one with a list of tags,
 * and the rest as a body. */

#include <stdlib.h>
#include <string.h>

#include "http-internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_path(const char *path)
{
    static const char *const patterns[] = {
            "/", "/health", "/v1/enroll/{id}/ack", "/{a}/{b}/{c}/{d}"};

    for (size_t i = 0; i < ELEMENTSOF(patterns); i++) {
        _cleanup_(http_request_free_p) struct http_request *request = NULL;

        request = http_request_new(NULL, path);
        if (!request || http_route_match(patterns[i], path, request) < 0)
            abort();
        for (size_t p = 0; p < request->n_params; p++) {
            if (!*request->params[p].value || strchr(request->params[p].value, '/'))
                abort();
        }
    }
}

static void try_body(const char *text, size_t size)
{
    _cleanup_json_ json_t *body = NULL;
    char reason[HTTP_REASON_MAX] = "";
    int r;

    r = http_parse_json(text, size, &body, reason);
    if (r == 0 ? !json_is_object(body) : body || !*reason)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 1);
    char *rest = text, *path, *tags;

    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    path = strsep(&rest, "\n");
    try_path(path);
    tags = strsep(&rest, "\n");
    if (tags && http_lists_etag(tags, "\"0123\"") && !strpbrk(tags, "\"*"))
        abort();
    if (rest)
        try_body(rest, text + size - rest);
    return 0;
}
