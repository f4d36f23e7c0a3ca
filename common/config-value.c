/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One value of the configuration: read from its YAML node and held against its key in the schema. A
 * table is a list of rows, each of them values by a schema of its own.
 */

#include "config-value.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void free_strings(char **strings)
{
    for (char **s = strings; s && *s; s++)
        free(*s);
    free(strings);
}

static void free_rows(struct unbox_config_row **rows)
{
    for (struct unbox_config_row **row = rows; row && *row; row++) {
        config_values_free((*row)->values, (*row)->table->size);
        free(*row);
    }
    free(rows);
}

static void value_clear(struct config_value *value)
{
    free(value->string);
    free_strings(value->list);
    free(value->numbers);
    free(value->file);
    free_rows(value->rows);
    *value = (struct config_value){};
}

int config_fail(const struct config_place *place, const yaml_node_t *node, const char *key,
        const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    snprintf(place->error->text, sizeof(place->error->text), "%s:%zu: %s%s%s%s", place->file,
            node ? node->start_mark.line + 1 : 1, key && place->within ? place->within : "",
            key ?: "", key ? ": " : "", text ?: "out of memory");
    return -EINVAL;
}

static bool scalar_is_plain(const yaml_node_t *node)
{
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

const char *config_scalar(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static int check_string(
        const struct config_place *place, const yaml_node_t *node, const struct config_key *key)
{
    const char *complaint;
    size_t size;

    if (node->type != YAML_SCALAR_NODE)
        return config_fail(place, node, key->name, "must be a text");
    size = node->data.scalar.length;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)config_scalar(node)[i] < 0x20 || config_scalar(node)[i] == 0x7f)
            return config_fail(place, node, key->name, "must not contain control characters");
    if (size < (size_t)key->min || size > (size_t)key->max)
        return config_fail(place, node, key->name, "must have %lld to %lld bytes, not %zu",
                (long long)key->min, (long long)key->max, size);
    complaint = key->check ? key->check(config_scalar(node)) : NULL;
    return complaint ? config_fail(place, node, key->name, "%s", complaint) : 0;
}

static int read_string(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    int r = check_string(place, node, key);

    if (r < 0)
        return r;
    value->string = strdup(config_scalar(node));
    return value->string ? 0 : -ENOMEM;
}

static int read_int(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    char *end;

    if (node->type != YAML_SCALAR_NODE || !scalar_is_plain(node) || !*config_scalar(node))
        return config_fail(place, node, key->name, "must be a whole number");
    errno = 0;
    value->number = strtoll(config_scalar(node), &end, 10);
    if (*end || errno)
        return config_fail(
                place, node, key->name, "must be a whole number, not \"%s\"", config_scalar(node));
    if (value->number < key->min || value->number > key->max)
        return config_fail(place, node, key->name, "must be from %lld to %lld, not %s",
                (long long)key->min, (long long)key->max, config_scalar(node));
    return 0;
}

static int read_bool(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    if (node->type == YAML_SCALAR_NODE && scalar_is_plain(node)) {
        value->number = strcmp(config_scalar(node), "true") == 0;
        if (value->number || strcmp(config_scalar(node), "false") == 0)
            return 0;
    }
    return config_fail(place, node, key->name, "must be true or false");
}

static int read_list(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    size_t count, i = 0;

    if (node->type != YAML_SEQUENCE_NODE)
        return config_fail(place, node, key->name, "must be a list");
    count = node->data.sequence.items.top - node->data.sequence.items.start;
    value->list = calloc(count + 1, sizeof(char *));
    if (!value->list)
        return -ENOMEM;
    for (yaml_node_item_t *item = node->data.sequence.items.start;
            item < node->data.sequence.items.top; item++) {
        const yaml_node_t *element = yaml_document_get_node(place->document, *item);
        int r = check_string(place, element, key);

        if (r < 0)
            return r;
        value->list[i] = strdup(config_scalar(element));
        if (!value->list[i++])
            return -ENOMEM;
    }
    return 0;
}

/* One of a list of numbers; `least` is the one before. */
static int read_number(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, int64_t least, int64_t *ret)
{
    struct config_value value = {};
    int r = read_int(place, node, key, &value);

    if (r < 0)
        return r;
    if (value.number < least)
        return config_fail(place, node, key->name, "must not go down, as %lld after %lld does",
                (long long)value.number, (long long)least);
    *ret = value.number;
    return 0;
}

static int read_ints(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    const yaml_node_item_t *items;
    size_t count;

    if (node->type != YAML_SEQUENCE_NODE)
        return config_fail(place, node, key->name, "must be a list");
    items = node->data.sequence.items.start;
    count = node->data.sequence.items.top - items;
    if (count < 1 || count > CONFIG_INTS_MAX)
        return config_fail(place, node, key->name, "must have 1 to %d entries, not %zu",
                CONFIG_INTS_MAX, count);
    value->numbers = calloc(count, sizeof(*value->numbers));
    if (!value->numbers)
        return -ENOMEM;
    value->number = count;
    for (size_t i = 0; i < count; i++) {
        int r = read_number(place, yaml_document_get_node(place->document, items[i]), key,
                i ? value->numbers[i - 1] : INT64_MIN, &value->numbers[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

static int fill_numbers(const char *text, struct config_value *value)
{
    char *end;

    value->numbers = calloc(CONFIG_INTS_MAX, sizeof(*value->numbers));
    if (!value->numbers)
        return -ENOMEM;
    for (value->number = 0; *text && value->number < CONFIG_INTS_MAX; text = end)
        value->numbers[value->number++] = strtoll(text, &end, 10);
    return 0;
}

static int fill_fallback(const struct config_key *key, struct config_value *value)
{
    switch (key->type) {
    case CONFIG_STRING:
        value->string = strdup(key->fallback ?: "");
        return value->string ? 0 : -ENOMEM;
    case CONFIG_LIST:
        value->list = calloc(1, sizeof(char *));
        return value->list ? 0 : -ENOMEM;
    case CONFIG_INTS:
        return fill_numbers(key->fallback ?: "", value);
    case CONFIG_TABLE:
        value->rows = calloc(1, sizeof(struct unbox_config_row *));
        return value->rows ? 0 : -ENOMEM;
    case CONFIG_INT:
        value->number = strtoll(key->fallback ?: "0", NULL, 10);
        return 0;
    case CONFIG_BOOL:
        value->number = strcmp(key->fallback ?: "false", "true") == 0;
        return 0;
    }
    return -EINVAL;
}

struct config_value *config_values_new(const struct config_key *keys, size_t size)
{
    struct config_value *values = calloc(size, sizeof(*values));

    for (size_t i = 0; values && i < size; i++)
        if (fill_fallback(&keys[i], &values[i]) < 0)
            values = config_values_free(values, size);
    return values;
}

struct config_value *config_values_free(struct config_value *values, size_t size)
{
    for (size_t i = 0; values && i < size; i++)
        value_clear(&values[i]);
    free(values);
    return NULL;
}

size_t config_find(const struct config_table *table, const char *name)
{
    size_t i = 0;

    while (i < table->size && strcmp(table->keys[i].name, name) != 0)
        i++;
    return i;
}

size_t config_index(const struct config_table *table, const char *name, enum config_type type)
{
    size_t i = config_find(table, name);

    if (i == table->size || table->keys[i].type != type)
        abort();
    return i;
}

bool config_given(const struct unbox_config_row *row, const char *name)
{
    size_t i = config_find(row->table, name);

    if (i == row->table->size)
        abort();
    return row->values[i].given;
}

static int read_cell(const struct config_place *place, const yaml_node_pair_t *pair,
        struct unbox_config_row *row)
{
    const yaml_node_t *name = yaml_document_get_node(place->document, pair->key);
    const struct config_table *table = row->table;
    size_t i;

    if (name->type != YAML_SCALAR_NODE)
        return config_fail(place, name, NULL, "a key must be a plain word");
    i = config_find(table, config_scalar(name));
    if (i == table->size)
        return config_fail(place, name, config_scalar(name), "there is no such key");
    return config_value_read(place, yaml_document_get_node(place->document, pair->value),
            &table->keys[i], &row->values[i]);
}

/* Complete, and what each cell says fits the others. */
static int check_row(const struct config_place *place, const yaml_node_t *node,
        const struct unbox_config_row *row)
{
    const struct config_table *table = row->table;
    const char *key = NULL, *complaint;

    for (size_t i = 0; i < table->size; i++)
        if (!table->keys[i].fallback && !row->values[i].given)
            return config_fail(place, node, table->keys[i].name, "is missing");
    complaint = table->check ? table->check(row, &key) : NULL;
    return complaint ? config_fail(place, node, key, "%s", complaint) : 0;
}

static int read_row(
        const struct config_place *place, const yaml_node_t *node, struct unbox_config_row *row)
{
    int r;

    if (node->type != YAML_MAPPING_NODE)
        return config_fail(place, node, NULL, "must be keys with values, {key: value, …}");
    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
            pair < node->data.mapping.pairs.top; pair++) {
        r = read_cell(place, pair, row);
        if (r < 0)
            return r;
    }
    return check_row(place, node, row);
}

static struct unbox_config_row *row_new(const struct config_table *table)
{
    struct unbox_config_row *row = calloc(1, sizeof(*row));

    if (!row)
        return NULL;
    row->table = table;
    row->values = config_values_new(table->keys, table->size);
    if (!row->values) {
        free(row);
        return NULL;
    }
    return row;
}

static int read_table(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    struct config_place inside = *place;
    char within[128];
    size_t count, i = 0;

    if (node->type != YAML_SEQUENCE_NODE)
        return config_fail(place, node, key->name, "must be a list");
    count = node->data.sequence.items.top - node->data.sequence.items.start;
    if (count < (size_t)key->min || count > (size_t)key->max)
        return config_fail(place, node, key->name, "must have %lld to %lld entries, not %zu",
                (long long)key->min, (long long)key->max, count);
    value->rows = calloc(count + 1, sizeof(struct unbox_config_row *));
    if (!value->rows)
        return -ENOMEM;
    snprintf(within, sizeof(within), "%s.", key->name);
    inside.within = within;
    for (yaml_node_item_t *item = node->data.sequence.items.start;
            item < node->data.sequence.items.top; item++) {
        int r;

        value->rows[i] = row_new(key->table);
        if (!value->rows[i])
            return -ENOMEM;
        r = read_row(&inside, yaml_document_get_node(place->document, *item), value->rows[i++]);
        if (r < 0)
            return r;
    }
    return 0;
}

int config_value_read(const struct config_place *place, const yaml_node_t *node,
        const struct config_key *key, struct config_value *value)
{
    static int (*const readers[])(const struct config_place *, const yaml_node_t *,
            const struct config_key *, struct config_value *) = {
            [CONFIG_STRING] = read_string,
            [CONFIG_INT] = read_int,
            [CONFIG_BOOL] = read_bool,
            [CONFIG_LIST] = read_list,
            [CONFIG_INTS] = read_ints,
            [CONFIG_TABLE] = read_table,
    };

    /* Whichever of them were taken, somebody would have meant the other. */
    if (value->given && strcmp(value->file, place->file) == 0)
        return config_fail(
                place, node, key->name, "stands there twice, first in line %zu", value->line);
    value_clear(value);
    value->given = true;
    value->line = node->start_mark.line + 1;
    value->file = strdup(place->file);
    if (!value->file)
        return -ENOMEM;
    return readers[key->type](place, node, key, value);
}
