/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-value.h"

#include <stdio.h>
#include <string.h>

const char *service_said(const struct plain *page, const json_t *object, const char *name)
{
    const char *sentence = plain_text(object, name);

    return text_said(plain_texts(page), sentence) ?: sentence;
}

const char *service_label(const struct plain *page, const json_t *field)
{
    return service_said(page, field, plain_text(field, "label")[0] ? "label" : "name");
}

bool service_is_table(const json_t *field, const json_t *value)
{
    return strcmp(plain_text(field, "type"), "table") == 0 && json_is_array(value);
}

static char *as_it_is(const json_t *value)
{
    if (!value || json_is_null(value))
        return strdup("");
    if (json_is_string(value))
        return strdup(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* "12 V"; "0,5 V" where a comma is before the fraction. */
static char *number(const struct plain *page, const json_t *field, const json_t *value)
{
    const char *unit = plain_text(field, "unit"), *space = unit[0] ? " " : "";
    char digits[32], *text, *point;

    if (json_is_integer(value))
        snprintf(digits, sizeof(digits), "%lld", (long long)json_integer_value(value));
    else
        snprintf(digits, sizeof(digits), "%.6g", json_number_value(value));
    point = strchr(digits, '.');
    if (asprintf(&text, "%.*s%s%s%s%s", point ? (int)(point - digits) : (int)strlen(digits), digits,
                point ? text_find(plain_texts(page), "decimal") : "", point ? point + 1 : "", space,
                unit) < 0)
        return NULL;
    return text;
}

static const json_t *last_number(const json_t *values)
{
    for (size_t i = json_array_size(values); i > 0; i--) {
        const json_t *value = json_array_get(values, i - 1);

        if (json_is_number(value))
            return value;
    }
    return NULL;
}

/* For whom there is no picture: its last value. */
static char *chart(const struct plain *page, const json_t *field, const json_t *values)
{
    const json_t *last = last_number(values);

    return last ? number(page, field, last) : text_fill(plain_texts(page), "services.none", NULL);
}

char *service_value(const struct plain *page, const json_t *field, const json_t *value)
{
    const struct texts *texts = plain_texts(page);
    const char *type = plain_text(field, "type");
    json_int_t amount = (json_int_t)json_number_value(value);
    bool counts = json_is_number(value) && json_number_value(value) >= 0;

    if (strcmp(type, "number") == 0 && json_is_number(value))
        return number(page, field, value);
    if (strcmp(type, "boolean") == 0 && json_is_boolean(value))
        return text_fill(texts, json_is_true(value) ? "services.yes" : "services.no", NULL);
    if (strcmp(type, "bytes") == 0 && counts)
        return text_bytes(texts, (uint64_t)amount);
    if (strcmp(type, "seconds") == 0 && counts)
        return text_duration(texts, (uint64_t)amount);
    if (strcmp(type, "time") == 0 && json_is_string(value))
        return text_time(json_string_value(value), false);
    if (strcmp(type, "chart") == 0 && json_is_array(value))
        return chart(page, field, value);
    return as_it_is(value);
}

char *service_outcome(const struct plain *page, const json_t *result)
{
    bool ok = json_is_true(json_object_get(result, "ok"));

    if (!result || json_is_null(result) || json_is_true(result) || ok)
        return text_fill(plain_texts(page), "services.done", NULL);
    return as_it_is(result);
}
