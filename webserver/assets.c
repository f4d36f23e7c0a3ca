/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serves the page's files: compressed at build time, and asked for again only when they changed. */

#include <string.h>

#include "assets.h"

static const struct asset *find(const char *path)
{
    for (size_t i = 0; i < n_assets; i++) {
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    }
    return NULL;
}

/* Good enough for what browsers send: none of them says gzip;q=0. */
static bool takes_gzip(const struct http_request *request)
{
    const char *accepted = http_request_header(request, "Accept-Encoding");

    return accepted && strstr(accepted, "gzip");
}

int assets_respond(struct http_request *request, void *userdata)
{
    const char *method = http_request_method(request);
    const struct asset *asset = find(http_request_path(request));
    int r;

    if (!asset)
        return http_respond_problem(request, 404, "not_found", NULL, "There is nothing here.");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        r = http_request_add_header(request, "Allow", "GET");
        if (r < 0)
            return r;
        return http_respond_problem(
                request, 405, "method_not_allowed", NULL, "This resource only takes GET.");
    }
    r = http_request_add_header(request, "Cache-Control", "no-cache");
    if (r == 0)
        r = http_request_add_header(request, "Vary", "Accept-Encoding");
    if (r < 0)
        return r;
    if (!takes_gzip(request))
        return http_respond_static(
                request, 200, asset->type, asset->etag, asset->data, asset->size);
    r = http_request_add_header(request, "Content-Encoding", "gzip");
    if (r < 0)
        return r;
    return http_respond_static(
            request, 200, asset->type, asset->etag_gzip, asset->gzip, asset->gzip_size);
}
