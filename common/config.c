/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads the configuration with libyaml and holds it against the schema: two levels (section, key),
 * each value of the key's type and within its bounds. Later files override earlier ones, key by
 * key.
 */

#include "unbox/config.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config-schema.h"
#include "unbox/store.h"
#include "util.h"

#define FILE_MAX (256 * 1024)

/* One value, by its index in the schema; unset values stand for the schema's fallback. */
struct value {
    char *string;
    int64_t number;
    char **list;
};

struct unbox_config {
    struct value *values; /* config_schema_size of them */
};

/* Where the reader is: what an error has to name. */
struct place {
    const char *file;
    yaml_document_t *document;
    struct unbox_config_error *error;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static void free_strings(char **strings)
{
    for (char **s = strings; s && *s; s++)
        free(*s);
    free(strings);
}

static void value_clear(struct value *value)
{
    free(value->string);
    free_strings(value->list);
    *value = (struct value){};
}

_printf_(4, 5) static int fail(const struct place *place, const yaml_node_t *node, const char *key,
        const char *format, ...)
{
    _cleanup_free_ char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    snprintf(place->error->text, sizeof(place->error->text), "%s:%zu: %s%s%s", place->file,
            node ? node->start_mark.line + 1 : 1, key ?: "", key ? ": " : "",
            text ?: "out of memory");
    return -EINVAL;
}

static bool scalar_is_plain(const yaml_node_t *node)
{
    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static const char *scalar(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

static int check_string(
        const struct place *place, const yaml_node_t *node, const struct config_key *key)
{
    const char *complaint;
    size_t size;

    if (node->type != YAML_SCALAR_NODE)
        return fail(place, node, key->name, "must be a text");
    size = node->data.scalar.length;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)scalar(node)[i] < 0x20 || scalar(node)[i] == 0x7f)
            return fail(place, node, key->name, "must not contain control characters");
    if (size < (size_t)key->min || size > (size_t)key->max)
        return fail(place, node, key->name, "must have %lld to %lld bytes, not %zu",
                (long long)key->min, (long long)key->max, size);
    complaint = key->check ? key->check(scalar(node)) : NULL;
    return complaint ? fail(place, node, key->name, "%s", complaint) : 0;
}

static int read_string(const struct place *place, const yaml_node_t *node,
        const struct config_key *key, struct value *value)
{
    int r = check_string(place, node, key);

    if (r < 0)
        return r;
    value->string = strdup(scalar(node));
    return value->string ? 0 : -ENOMEM;
}

static int read_int(const struct place *place, const yaml_node_t *node,
        const struct config_key *key, struct value *value)
{
    char *end;

    if (node->type != YAML_SCALAR_NODE || !scalar_is_plain(node) || !*scalar(node))
        return fail(place, node, key->name, "must be a whole number");
    errno = 0;
    value->number = strtoll(scalar(node), &end, 10);
    if (*end || errno)
        return fail(place, node, key->name, "must be a whole number, not \"%s\"", scalar(node));
    if (value->number < key->min || value->number > key->max)
        return fail(place, node, key->name, "must be from %lld to %lld, not %s",
                (long long)key->min, (long long)key->max, scalar(node));
    return 0;
}

static int read_bool(const struct place *place, const yaml_node_t *node,
        const struct config_key *key, struct value *value)
{
    if (node->type == YAML_SCALAR_NODE && scalar_is_plain(node)) {
        value->number = strcmp(scalar(node), "true") == 0;
        if (value->number || strcmp(scalar(node), "false") == 0)
            return 0;
    }
    return fail(place, node, key->name, "must be true or false");
}

static int read_list(const struct place *place, const yaml_node_t *node,
        const struct config_key *key, struct value *value)
{
    size_t count, i = 0;

    if (node->type != YAML_SEQUENCE_NODE)
        return fail(place, node, key->name, "must be a list");
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
        value->list[i] = strdup(scalar(element));
        if (!value->list[i++])
            return -ENOMEM;
    }
    return 0;
}

static int read_value(const struct place *place, const yaml_node_t *node,
        const struct config_key *key, struct unbox_config *config)
{
    static int (*const readers[])(const struct place *, const yaml_node_t *,
            const struct config_key *, struct value *) = {
            [CONFIG_STRING] = read_string,
            [CONFIG_INT] = read_int,
            [CONFIG_BOOL] = read_bool,
            [CONFIG_LIST] = read_list,
    };
    struct value *value = &config->values[key - config_schema];

    value_clear(value);
    return readers[key->type](place, node, key, value);
}

static int read_section(const struct place *place, const char *section, const yaml_node_t *node,
        struct unbox_config *config)
{
    if (node->type == YAML_SCALAR_NODE && node->data.scalar.length == 0)
        return 0; /* a section with all its keys commented out */
    if (node->type != YAML_MAPPING_NODE)
        return fail(place, node, section, "must have keys below it");

    for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
            pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(place->document, pair->key);
        const struct config_key *key;
        char path[128];
        int r;

        if (name->type != YAML_SCALAR_NODE)
            return fail(place, name, section, "a key must be a plain word");
        snprintf(path, sizeof(path), "%s.%s", section, scalar(name));
        key = config_schema_find(path);
        if (!key)
            return fail(place, name, path, "there is no such key");
        r = read_value(place, yaml_document_get_node(place->document, pair->value), key, config);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_document(const struct place *place, struct unbox_config *config)
{
    const yaml_node_t *root = yaml_document_get_root_node(place->document);

    if (!root || (root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0))
        return 0; /* only comments */
    if (root->type != YAML_MAPPING_NODE)
        return fail(place, root, NULL, "must be sections with keys below them");

    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
            pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(place->document, pair->key);
        int r;

        if (name->type != YAML_SCALAR_NODE)
            return fail(place, name, NULL, "a section must be a plain word");
        r = read_section(
                place, scalar(name), yaml_document_get_node(place->document, pair->value), config);
        if (r < 0)
            return r;
    }
    return 0;
}

static int read_text(const char *file, const char *text, size_t size, struct unbox_config *config,
        struct unbox_config_error *error)
{
    yaml_document_t document;
    struct place place = {.file = file, .document = &document, .error = error};
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

static int fill_fallbacks(struct unbox_config *config)
{
    for (size_t i = 0; i < config_schema_size; i++) {
        const struct config_key *key = &config_schema[i];
        struct value *value = &config->values[i];

        if (key->type == CONFIG_STRING)
            value->string = strdup(key->fallback);
        else if (key->type == CONFIG_LIST)
            value->list = calloc(1, sizeof(char *));
        else if (key->type == CONFIG_INT)
            value->number = strtoll(key->fallback, NULL, 10);
        else
            value->number = strcmp(key->fallback, "true") == 0;
        if ((key->type == CONFIG_STRING && !value->string) ||
                (key->type == CONFIG_LIST && !value->list))
            return -ENOMEM;
    }
    return 0;
}

static int config_new(struct unbox_config **ret)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = calloc(1, sizeof(*config));
    int r;

    if (!config)
        return -ENOMEM;
    config->values = calloc(config_schema_size, sizeof(struct value));
    if (!config->values)
        return -ENOMEM;
    r = fill_fallbacks(config);
    if (r < 0)
        return r;
    *ret = STEAL(config);
    return 0;
}

int unbox_config_load(
        const char *path, struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r;

    if (!path)
        path = secure_getenv("UNBOX_CONFIG") ?: UNBOX_CONFIG_PATH;
    r = config_new(&config);
    if (r >= 0)
        r = read_file(path, config, &error);
    if (r >= 0)
        r = read_drop_ins(path, config, &error);
    if (r < 0) {
        if (!*error.text)
            snprintf(error.text, sizeof(error.text), "%s: %s", path, strerrordesc_np(-r));
        *ret_error = error;
        return r;
    }
    *ret = STEAL(config);
    return 0;
}

int unbox_config_parse(const char *name, const char *text, size_t size, struct unbox_config **ret,
        struct unbox_config_error *ret_error)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    int r;

    r = config_new(&config);
    if (r < 0)
        return r;
    r = read_text(name, text, size, config, ret_error);
    if (r < 0)
        return r;
    *ret = STEAL(config);
    return 0;
}

struct unbox_config *unbox_config_free(struct unbox_config *config)
{
    if (!config)
        return NULL;
    for (size_t i = 0; config->values && i < config_schema_size; i++)
        value_clear(&config->values[i]);
    free(config->values);
    free(config);
    return NULL;
}

static const struct value *get(
        const struct unbox_config *config, const char *name, enum config_type type)
{
    const struct config_key *key = config_schema_find(name);

    if (!key || key->type != type)
        abort();
    return &config->values[key - config_schema];
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
