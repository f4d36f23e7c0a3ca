/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Text of unknown origin, made fit for JSON. */

#include "text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static bool begins_inside(const char *text)
{
    return (*text & 0xc0) == 0x80;
}

/* Both UTF-8 and with nothing in it that would end a string. */
static json_t *plain(const char *text, size_t size)
{
    return memchr(text, '\0', size) ? NULL : json_stringn(text, size);
}

json_t *text_to_json(const char *text, size_t size, size_t max)
{
    _cleanup_free_ char *escaped = NULL;
    bool cut = size > max;
    json_t *string;
    size_t length;
    FILE *out;

    if (!cut) {
        string = plain(text, size);
        if (string)
            return string;
    }
    size = cut ? max : size;
    /* Not in the middle of a character. */
    while (cut && size > 0 && begins_inside(text + size))
        size--;
    string = plain(text, size);
    out = open_memstream(&escaped, &length);
    if (!out) {
        json_decref(string);
        return NULL;
    }
    for (size_t i = 0; i < size; i++)
        if (!string && (text[i] == '\0' || (text[i] & 0x80)))
            fprintf(out, "\\x%02x", (unsigned char)text[i]);
        else
            fputc(text[i], out);
    if (cut)
        fputs("…", out);
    json_decref(string);
    return fclose(out) == 0 ? json_stringn(escaped, length) : NULL;
}

char *text_clean(const char *text, size_t max)
{
    _cleanup_json_ json_t *json = text_to_json(text, strlen(text), max);

    return json ? strdup(json_string_value(json)) : NULL;
}
