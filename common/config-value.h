/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The values that a schema's keys have, and how each is read from YAML. */

#include <yaml.h>

#include "config-schema.h"
#include "unbox/config.h"
#include "util.h"

/* One value, by its index in the schema. */
struct config_value {
    char *string;
    int64_t number;
    char **list;                    /* ended by NULL */
    int64_t *numbers;               /* `number` of them */
    struct unbox_config_row **rows; /* ended by NULL */
    bool given;                     /* it stood in the file, so it isn't the fallback */
    char *file;                     /* in which */
    size_t line;                    /* where, from 1 */
};

struct unbox_config_row {
    const struct config_table *table;
    struct config_value *values; /* table->size of them */
};

/* It stood in the file. The key must be there, or it aborts. */
bool config_given(const struct unbox_config_row *row, const char *name);

/* Where the reader is: what an error has to name. */
struct config_place {
    const char *file;
    const char *within; /* what stands before a key's name in errors, "health.checks."; or NULL */
    yaml_document_t *document;
    struct unbox_config_error *error;
};

/* Fills in the error and returns -EINVAL. `node` (the line) and `key` may be NULL. */
_printf_(4, 5) int config_fail(const struct config_place *place, const yaml_node_t *node,
        const char *key, const char *format, ...);

/* The text of a node that is a scalar. */
const char *config_scalar(const yaml_node_t *node);

/* Replaces `value` by what stands at `node`. 0, -EINVAL with the error filled, or -ENOMEM. */
int config_value_read(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value);

/* A row as it may be shown, with a level for each section when names have one. NULL: out of memory.
 */
json_t *config_row_to_json(const struct unbox_config_row *row);

/* All at their fallbacks; keys that have none are empty. NULL: out of memory. */
struct config_value *config_values_new(const struct config_key *keys, size_t size);
struct config_value *config_values_free(struct config_value *values, size_t size);

/* The index of a key, or table->size when there is none of that name. */
size_t config_find(const struct config_table *table, const char *name);

/* The index of a key that must be there and of this type, or it aborts. */
size_t config_index(const struct config_table *table, const char *name, enum config_type type);
