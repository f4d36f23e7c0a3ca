/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every key that the configuration may have. One table, so that no program accepts what another
 * refuses. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_STRING, /* min and max are bytes */
    CONFIG_INT,    /* min and max are the value's */
    CONFIG_BOOL,
    CONFIG_LIST, /* of strings; min and max are bytes of each */
};

struct config_key {
    const char *name; /* "section.key" */
    enum config_type type;
    int64_t min;
    int64_t max;
    const char *fallback; /* as it would stand in the file; for a list: separated by spaces */
    /* NULL when the value is fine, otherwise what it must be: "must be …". Optional. */
    const char *(*check)(const char *value);
    const char *meaning; /* one sentence for the documentation */
};

extern const struct config_key config_schema[];
extern const size_t config_schema_size;

/* NULL when there is no such key. */
const struct config_key *config_schema_find(const char *name);
