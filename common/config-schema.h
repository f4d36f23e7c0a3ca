/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every key that the configurations may have. One table each, so that no program accepts what
 * another refuses. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_type {
    CONFIG_STRING, /* min and max are bytes */
    CONFIG_INT,    /* min and max are the value's */
    CONFIG_BOOL,
    CONFIG_LIST,  /* of strings; min and max are bytes of each */
    CONFIG_INTS,  /* numbers that never go down; min and max are each one's */
    CONFIG_TABLE, /* of rows, with keys of their own; min and max are rows */
};

/* So many numbers has a list of them at most. */
#define CONFIG_INTS_MAX 16

struct config_table;
struct unbox_config_row;

struct config_key {
    const char *name; /* "section.key"; in a table "key" */
    enum config_type type;
    int64_t min;
    int64_t max;
    /* As it would stand in the file; numbers of a list are separated by spaces, other lists and
     * tables are empty. In a table NULL: the key must be there. */
    const char *fallback;
    /* NULL when the value is fine, otherwise what it must be: "must be …". Optional. */
    const char *(*check)(const char *value);
    const char *meaning; /* one sentence for the documentation */
    const struct config_table *table;
    bool secret; /* shown to nobody */
};

/* The keys of each row. */
struct config_table {
    const struct config_key *keys;
    size_t size;
    /* As above, for what the values have to do with each other: *ret_key is the key at fault. */
    const char *(*check)(const struct unbox_config_row *row, const char **ret_key);
};

/* Of /etc/unbox/config.yaml; names are "section.key". */
extern const struct config_table config_suite;

/* Of health.checks and health.services. */
extern const struct config_table config_checks;
extern const struct config_table config_services;

/* Of the rows of health.services, ended by NULL: what they must be, or NULL when they are fine. */
const char *config_check_services(struct unbox_config_row *const *rows);

/* Of the product's file; names are "section.key", too. */
extern const struct config_table config_product;
