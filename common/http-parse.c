/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is read of a stranger's request beyond libmicrohttpd's own reading. No request is needed for
 * any of it, so that it can be fuzzed as it is. */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http-internal.h"

#define JSON_LEVELS_MAX 16

bool http_type_is(const char *type, const char *wanted)
{
    size_t size = strlen(wanted);

    if (!type || strncasecmp(type, wanted, size) != 0)
        return false;
    type += size;
    type += strspn(type, " \t");
    return *type == '\0' || *type == ';';
}

/* Callers walk what they got; nobody's stack should depend on what a stranger sends. */
static bool is_deeper(const json_t *value, unsigned levels)
{
    const char *key;
    json_t *member;
    size_t i;

    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (levels == 0)
        return true;
    json_object_foreach ((json_t *)value, key, member) {
        if (is_deeper(member, levels - 1))
            return true;
    }
    json_array_foreach (value, i, member) {
        if (is_deeper(member, levels - 1))
            return true;
    }
    return false;
}

int http_parse_json(const char *text, size_t size, json_t **ret, char ret_reason[HTTP_REASON_MAX])
{
    _cleanup_json_ json_t *value = NULL;
    json_error_t error;

    value = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        snprintf(ret_reason, HTTP_REASON_MAX, "is not JSON (line %d, column %d)", error.line,
                error.column);
    else if (!json_is_object(value))
        snprintf(ret_reason, HTTP_REASON_MAX, "has to be a JSON object");
    else if (is_deeper(value, JSON_LEVELS_MAX))
        snprintf(ret_reason, HTTP_REASON_MAX, "has more than %d levels", JSON_LEVELS_MAX);
    else {
        *ret = STEAL(value);
        return 0;
    }
    return -EBADMSG;
}

bool http_lists_etag(const char *list, const char *etag)
{
    size_t size = strlen(etag);

    while (list && *list) {
        list += strspn(list, " \t,");
        if (*list == '*')
            return true;
        if (strncmp(list, "W/", 2) == 0)
            list += 2;
        if (strncmp(list, etag, size) == 0 && strchr(" \t,", list[size]))
            return true;
        list += strcspn(list, ",");
    }
    return false;
}
