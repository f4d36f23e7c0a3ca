/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service-form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service-value.h"

static json_t *properties_of(const json_t *offered)
{
    return json_object_get(json_object_get(offered, "parameters"), "properties");
}

static bool is_type(const json_t *schema, const char *type)
{
    return strcmp(plain_text(schema, "type"), type) == 0;
}

static bool is_required(const json_t *offered, const char *name)
{
    const json_t *required = json_object_get(json_object_get(offered, "parameters"), "required");
    const json_t *one;
    size_t i;

    json_array_foreach ((json_t *)required, i, one) {
        if (strcmp(json_string_value(one) ?: "", name) == 0)
            return true;
    }
    return false;
}

/* -- writing --------------------------------------------------------------------------------- */

static void add_choices(struct plain *page, const json_t *choices, unsigned part)
{
    const json_t *choice;
    size_t i;

    plain_part(page, part + SERVICE_FORM_SELECT);
    json_array_foreach ((json_t *)choices, i, choice) {
        plain_set(page, "choice", json_string_value(choice));
        plain_part(page, part + SERVICE_FORM_OPTION);
    }
    plain_part(page, part + SERVICE_FORM_SELECTED);
}

static void add_field(struct plain *page, const json_t *schema, const char *name, unsigned part)
{
    bool is_number = is_type(schema, "integer") || is_type(schema, "number");
    const json_t *choices = json_object_get(schema, "enum");

    plain_set(page, "field",
            plain_text(schema, "title")[0] ? service_said(page, schema, "title") : name);
    plain_set(page, "type", is_number ? "number" : "text");
    plain_set(page, "step", is_type(schema, "number") ? "any" : "");
    if (json_is_array(choices))
        add_choices(page, choices, part);
    else
        plain_part(
                page, part + (is_type(schema, "boolean") ? SERVICE_FORM_CHECK : SERVICE_FORM_TEXT));
}

void service_form_add(struct plain *page, const json_t *offered, const char *prefix,
        unsigned number, unsigned part)
{
    const char *name;
    json_t *schema;

    json_object_foreach (properties_of(offered), name, schema) {
        plain_printf(page, "name", "%s%s", prefix, name);
        plain_printf(page, "id", "of-%u-%s", number, name);
        plain_set(page, "required", is_required(offered, name) ? "required" : "");
        add_field(page, schema, name, part);
    }
}

/* -- reading --------------------------------------------------------------------------------- */

/* The value of a text by its schema, the caller's; NULL: it is none. */
static json_t *value_of(const json_t *schema, const char *text)
{
    char *end = NULL;
    long long whole;
    double real;

    if (is_type(schema, "boolean"))
        return json_boolean(text[0]);
    if (is_type(schema, "integer")) {
        whole = strtoll(text, &end, 10);
        return *end ? NULL : json_integer(whole);
    }
    if (is_type(schema, "number")) {
        real = strtod(text, &end);
        return *end ? NULL : json_real(real);
    }
    return json_string(text);
}

/* Reads one; a form is small, and it stays where it is. */
static int read_field(struct http_request *request, const json_t *schema, const char *name,
        const char *prefix, json_t *params)
{
    _cleanup_free_ char *called = NULL;
    struct http_field field = {};
    json_t *value;
    int r = asprintf(&called, "%s%s", prefix, name) < 0 ? -ENOMEM : 0;

    if (r < 0) {
        called = NULL;
        return r;
    }
    field.name = called;
    r = http_request_form(request, &field, 1);
    if (r == 0 && (field.value[0] || is_type(schema, "boolean"))) {
        value = value_of(schema, field.value);
        r = value ? json_object_set_new(params, name, value) : -EBADMSG;
    }
    http_fields_done(&field, 1);
    return r;
}

int service_form_read(
        struct http_request *request, const json_t *offered, const char *prefix, json_t **ret)
{
    _cleanup_json_ json_t *params = json_object();
    const char *name;
    json_t *schema;
    int r;

    if (!params)
        return -ENOMEM;
    json_object_foreach (properties_of(offered), name, schema) {
        r = read_field(request, schema, name, prefix, params);
        if (r < 0)
            return r == -ENOMEM ? r : -EBADMSG;
    }
    *ret = STEAL(params);
    return 0;
}
