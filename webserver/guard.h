/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every request has to pass, and what every answer carries. */

#include "http-server.h"

/* For http_server_options.headers. */
extern const char *const guard_headers[];

/* For http_server_options.before; `userdata` is a struct api. All that a request has to pass, or
 * only that it doesn't come too often. */
int guard_check(struct http_request *request, void *userdata);
int guard_check_often(struct http_request *request, void *userdata);
