/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The page's files, inside the program: embed.py makes them at build time. */

#include <stddef.h>

#include "http-server.h"

struct asset {
    const char *path;
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

/* For http_server_options.fallback: whatever is no part of the API is a file, or a 404. */
int assets_respond(struct http_request *request, void *userdata);
