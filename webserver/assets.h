/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The page's files, inside the program: embed.py makes them at build time. */

#include <stddef.h>

#include "http-server.h"

struct asset {
    const char *path;
    const char *language; /* "fr"; NULL: the same in all */
    const char *type;
    const char *etag;
    const char *etag_gzip;
    const unsigned char *data;
    size_t size;
    const unsigned char *gzip;
    size_t gzip_size;
};

extern const struct asset assets[];
extern const size_t n_assets;

/* Ended by NULL. The first is for whoever reads none of them. */
extern const char *const asset_languages[];

/* Whether there is a file of this name. */
bool assets_have(const char *path);

/* The file of this name in the language of whoever asks, or NULL. Those whose names begin with no
 * slash are for the program alone. */
const struct asset *assets_for(const struct http_request *request, const char *path);

/* For http_server_options.fallback: whatever is no part of the API is a file, or a 404. */
int assets_respond(struct http_request *request, void *userdata);

/* Answers with what somebody has made of `asset` (template.h); it is copied. */
int assets_respond_made(struct http_request *request, unsigned status, const struct asset *asset,
        const char *page, size_t size);
