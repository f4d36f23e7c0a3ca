/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the configuration with libyaml and holds it against the schema: two levels (section, key),
 * each value of the key's type and within its bounds. Later files override earlier ones, key by
 * key; a list or a table is replaced as a whole. There are two schemas: the suite's, and that of
 * the product's file.
 */

#include "unbox/config.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config-schema.h"
#include "config-value.h"
#include "unbox/store.h"
#include "util.h"

#define FILE_MAX (256 * 1024)

/* As if it were one row, whose keys have their section in the name. */
struct unbox_config {
    struct unbox_config_row all;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static int read_section(const struct config_place *place, const char *section,
        const yaml_node_t *node, struct unbox_config *config)
{
    if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
        return 0; /* a section with all its keys commented out */
    if (node->type != YAML_MAPPING_NODE)
        return config_fail(place, node, section, "must have keys below it");

    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
            pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(place->document, pair->key);
        const struct config_table *schema = config->all.table;
        char path[128];
        size_t i;
        int r;

        if (name->type != YAML_SCALAR_NODE)
            return config_fail(place, name, section, "a key must be a plain word");
        snprintf(path, sizeof(path), "%s.%s", section, config_scalar(name));
        i = config_find(schema, path);
        if (i == schema->size)
            return config_fail(place, name, path, "there is no such key");
        r = config_value_read(place, yaml_document_get_node(place->document, pair->value),
                &schema->keys[i], &config->all.values[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_document(const struct config_place *place, struct unbox_config *config)
{
    const yaml_node_t *root = yaml_document_get_root_node(place->document);

    if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
        return 0; /* only comments */
    if (root->type != YAML_MAPPING_NODE)
        return config_fail(place, root, NULL, "must be sections with keys below them");

    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
            pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(place->document, pair->key);
        int r;

        if (name->type != YAML_SCALAR_NODE)
            return config_fail(place, name, NULL, "a section must be a plain word");
        r = read_section(place, config_scalar(name),
                yaml_document_get_node(place->document, pair->value), config);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_text(const char *file, const char *text, size_t size, struct unbox_config *config,
        struct unbox_config_error *error)
{
    yaml_document_t document;
    struct config_place place = {.file = file, .document = &document, .error = error};
    yaml_parser_t parser;
    int r;

    if (!yaml_parser_initialize(&parser))
        return -ENOMEM;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    if (!yaml_parser_load(&parser, &document)) {
        snprintf(error->text, sizeof(error->text), "%s:%zu: %s", file, parser.problem_mark.line + 1,
                parser.problem ?: "not YAML");
        yaml_parser_delete(&parser);
        return -EINVAL;
    }
    r = read_document(&place, config);
    yaml_document_delete(&document);
    yaml_parser_delete(&parser);
    if (r < 0 && r != -EINVAL)
        snprintf(error->text, sizeof(error->text), "%s: %s", file, strerrordesc_np(-r));
    return r;
}

static int read_file(
        const char *file, struct unbox_config *config, struct unbox_config_error *error)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    r = unbox_store_read(file, FILE_MAX, &text, &size);
    if (r == -ENOENT)
        return 0;
    if (r < 0) {
        snprintf(error->text, sizeof(error->text), "%s: can't be read: %s", file,
                strerrordesc_np(-r));
        return r;
    }
    return read_text(file, text, size, config, error);
}

/* In the order of their names, whatever the locale: glob() sorts. */
static int read_drop_ins(
        const char *path, struct unbox_config *config, struct unbox_config_error *error)
{
    char pattern[PATH_MAX];
    glob_t found = {};
    int r = 0;

    if (snprintf(pattern, sizeof(pattern), "%s.d/*.yaml", path) >= (int)sizeof(pattern))
        return -ENAMETOOLONG;
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc && r >= 0; i++)
            r = read_file(found.gl_pathv[i], config, error);
    globfree(&found);
    return r;
}

static int config_new(const struct config_table *schema, struct unbox_config **ret)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = calloc(1, sizeof(*config));

    if (!config)
        return -ENOMEM;
    config->all.table = schema;
    config->all.values = config_values_new(schema->keys, schema->size);
    if (!config->all.values)
        return -ENOMEM;
    *ret = STEAL(config);
    return 0;
}

/* What the values have to do with each other, once all files are read. */
static int check_whole(
        const char *name, const struct unbox_config *config, struct unbox_config_error *error)
{
    const struct config_table *schema = config->all.table;
    const char *key = NULL, *complaint;
    const struct config_value *value;

    complaint = schema->check ? schema->check(&config->all, &key) : NULL;
    if (!complaint)
        return 0;
    value = &config->all.values[config_find(schema, key)];
    snprintf(error->text, sizeof(error->text), "%s:%zu: %s: %s", value->file ?: name,
            value->line ?: 1, key, complaint);
    return -EINVAL;
}

int unbox_config_load(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r;

    if (!path)
        path = secure_getenv("UNBOX_CONFIG") ?: UNBOX_CONFIG_PATH;
    r = config_new(&config_suite, &config);
    if (r >= 0)
        r = read_file(path, config, &error);
    if (r >= 0)
        r = read_drop_ins(path, config, &error);
    if (r >= 0)
        r = check_whole(path, config, &error);
    if (r < 0) {
        if (!*error.text)
            snprintf(error.text, sizeof(error.text), "%s: %s", path, strerrordesc_np(-r));
        *ret_error = error;
        return r;
    }
    *ret = STEAL(config);
    return 0;
}

static int parse(const struct config_table *schema, const char *name, const char *text, size_t size,
        struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    int r;

    r = config_new(schema, &config);
    if (r < 0)
        return r;
    r = read_text(name, text, size, config, ret_error);
    if (r >= 0)
        r = check_whole(name, config, ret_error);
    if (r < 0)
        return r;
    *ret = STEAL(config);
    return 0;
}

int unbox_config_parse(const char *name, const char *text, size_t size, struct unbox_config **ret,
        struct unbox_config_error *ret_error)
{
    return parse(&config_suite, name, text, size, ret, ret_error);
}

int unbox_config_parse_product(const char *name, const char *text, size_t size,
        struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    return parse(&config_product, name, text, size, ret, ret_error);
}

int unbox_config_load_product(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    int r;

    path = path ?: UNBOX_CONFIG_PRODUCT_PATH;
    r = unbox_store_read(path, FILE_MAX, &text, &size);
    if (r < 0) {
        snprintf(ret_error->text, sizeof(ret_error->text), "%s: can't be read: %s", path,
                strerrordesc_np(-r));
        return r;
    }
    return unbox_config_parse_product(path, text, size, ret, ret_error);
}

struct unbox_config *unbox_config_free(struct unbox_config *config)
{
    if (!config)
        return NULL;
    config_values_free(config->all.values, config->all.table->size);
    free(config);
    return NULL;
}

static const struct config_value *get_cell(
        const struct unbox_config_row *row, const char *name, enum config_type type)
{
    return &row->values[config_index(row->table, name, type)];
}

static const struct config_value *get(
        const struct unbox_config *config, const char *name, enum config_type type)
{
    return get_cell(&config->all, name, type);
}

bool unbox_config_given(const struct unbox_config *config, const char *key)
{
    return config_given(&config->all, key);
}

size_t unbox_config_line(const struct unbox_config *config, const char *key)
{
    return unbox_config_given(config, key)
                   ? config->all.values[config_find(config->all.table, key)].line
                   : 0;
}

json_t *unbox_config_to_json(const struct unbox_config *config)
{
    return config_row_to_json(&config->all);
}

const char *unbox_config_string(const struct unbox_config *config, const char *key)
{
    return get(config, key, CONFIG_STRING)->string;
}

int64_t unbox_config_int(const struct unbox_config *config, const char *key)
{
    return get(config, key, CONFIG_INT)->number;
}

bool unbox_config_bool(const struct unbox_config *config, const char *key)
{
    return get(config, key, CONFIG_BOOL)->number;
}

const char *const *unbox_config_list(const struct unbox_config *config, const char *key)
{
    return (const char *const *)get(config, key, CONFIG_LIST)->list;
}

const int64_t *unbox_config_ints(
        const struct unbox_config *config, const char *key, size_t *ret_count)
{
    const struct config_value *value = get(config, key, CONFIG_INTS);

    *ret_count = value->number;
    return value->numbers;
}

const struct unbox_config_row *const *unbox_config_table(
        const struct unbox_config *config, const char *key)
{
    return (const struct unbox_config_row *const *)get(config, key, CONFIG_TABLE)->rows;
}

const char *unbox_config_row_string(const struct unbox_config_row *row, const char *key)
{
    return get_cell(row, key, CONFIG_STRING)->string;
}

int64_t unbox_config_row_int(const struct unbox_config_row *row, const char *key)
{
    return get_cell(row, key, CONFIG_INT)->number;
}

bool unbox_config_row_bool(const struct unbox_config_row *row, const char *key)
{
    return get_cell(row, key, CONFIG_BOOL)->number;
}

const char *const *unbox_config_row_list(const struct unbox_config_row *row, const char *key)
{
    return (const char *const *)get_cell(row, key, CONFIG_LIST)->list;
}
