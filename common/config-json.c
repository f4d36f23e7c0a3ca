/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The configuration as it may be shown: every value but the secret ones. */

#include <string.h>

#include "config-value.h"

static json_t *list_to_json(char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++)
        (void)json_array_append_new(array, json_string(*list));
    return array;
}

static json_t *numbers_to_json(const int64_t *numbers, int64_t count)
{
    json_t *array = json_array();

    for (int64_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_integer(numbers[i]));
    return array;
}

static json_t *rows_to_json(struct unbox_config_row *const *rows)
{
    json_t *array = json_array();

    for (; rows && *rows; rows++)
        (void)json_array_append_new(array, config_row_to_json(*rows));
    return array;
}

static json_t *value_to_json(const struct config_key *key, const struct config_value *value)
{
    switch (key->type) {
    case CONFIG_STRING:
        if (key->secret && value->string && *value->string)
            return json_string(UNBOX_CONFIG_SECRET);
        return value->string ? json_string(value->string) : json_null();
    case CONFIG_INT:
        return json_integer(value->number);
    case CONFIG_BOOL:
        return json_boolean(value->number);
    case CONFIG_INTS:
        return numbers_to_json(value->numbers, value->number);
    case CONFIG_LIST:
        return list_to_json(value->list);
    case CONFIG_TABLE:
        return rows_to_json(value->rows);
    }
    return NULL;
}

/* The object that a key stands in, made when it isn't there; `object` itself without a section. */
static json_t *section_of(json_t *object, const char *name, const char **ret_rest)
{
    const char *dot = strchr(name, '.');
    _cleanup_free_ char *section = dot ? strndup(name, dot - name) : NULL;
    json_t *found;

    *ret_rest = dot ? dot + 1 : name;
    if (!dot)
        return object;
    if (!section)
        return NULL;
    found = json_object_get(object, section);
    if (!found && json_object_set_new(object, section, json_object()) == 0)
        found = json_object_get(object, section);
    return found;
}

json_t *config_row_to_json(const struct unbox_config_row *row)
{
    _cleanup_json_ json_t *object = json_object();

    for (size_t i = 0; i < row->table->size; i++) {
        const struct config_key *key = &row->table->keys[i];
        const char *name;
        json_t *section = section_of(object, key->name, &name);

        if (json_object_set_new(section, name, value_to_json(key, &row->values[i])) < 0)
            return NULL;
    }
    return STEAL(object);
}
