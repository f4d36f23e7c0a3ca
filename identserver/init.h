/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `identserver --init`: makes a bench. */

#include <stdint.h>

#define DATABASE_NAME "bench.db"

struct init_options {
    const char *directory;
    const char *address; /* numeric: that the bench's certificate is for */
    const char *batch;
    int64_t quota;
    const char *hostname_prefix;
};

/*
 * Makes CA, server certificate and database with one open batch in a folder that has none of
 * them. Returns 0, -EEXIST when something is there already (nothing is overwritten), or another
 * negative errno.
 */
int init_bench(const struct init_options *options);
