/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit-reader.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHITESPACE " \t\n\r"
#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_LENGTH_MAX 255

/* Bytes of the character, 0: it is none. */
static unsigned character_size(const unsigned char *c)
{
    static const unsigned long least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned size = *c < 0x80                 ? 1
                    : *c >= 0xc0 && *c < 0xe0 ? 2
                    : (*c & 0xf0) == 0xe0     ? 3
                    : (*c & 0xf8) == 0xf0     ? 4
                                              : 0;
    unsigned long code = size > 1 ? *c & (0xffu >> (size + 1)) : *c;

    for (unsigned i = 1; i < size; i++) {
        if ((c[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3f);
    }
    if (size == 0 || code < least[size] || code >= 0x110000 || (code >= 0xd800 && code < 0xe000) ||
            (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe)
        return 0;
    return size;
}

bool unit_is_text(const char *text)
{
    for (unsigned size; *text; text += size) {
        size = character_size((const unsigned char *)text);
        if (size == 0)
            return false;
    }
    return true;
}

static char *strip(char *text)
{
    size_t length;

    text += strspn(text, WHITESPACE);
    length = strlen(text);
    while (length > 0 && strchr(WHITESPACE, text[length - 1]))
        text[--length] = '\0';
    return text;
}

/* A line that ends with a backslash goes on; ours never do. */
static bool ends_with_backslash(const char *line)
{
    bool escaped = false;

    for (; *line; line++)
        escaped = *line == '\\' && !escaped;
    return escaped;
}

int unit_read_lines(char *text, size_t size, struct unit_line ret[static UNIT_LINES_MAX])
{
    const char *section = NULL;
    char *end = text + size;
    int count = 0;

    /* These end a line, too. */
    if (memchr(text, '\0', size) || memchr(text, '\r', size))
        return -1;
    while (text < end) {
        char *newline = memchr(text, '\n', end - text), *line, *equals;

        if (!newline || count == UNIT_LINES_MAX)
            return -1;
        *newline = '\0';
        line = strip(text);
        text = newline + 1;
        if (!*line || *line == '#' || *line == ';')
            continue;
        if (ends_with_backslash(line) || !unit_is_text(line))
            return -1;
        if (*line == '[') {
            if (line[strlen(line) - 1] != ']')
                return -1;
            line[strlen(line) - 1] = '\0';
            section = line + 1;
            continue;
        }
        equals = strchr(line, '=');
        if (!section || !equals)
            return -1;
        *equals = '\0';
        ret[count++] = (struct unit_line){section, strip(line), strip(equals + 1)};
    }
    return count;
}

/* What stands after a backslash; goes on behind it. -1: nothing that systemd knows. */
static int read_escape(const char **p)
{
    static const char letters[] = "abfnrtvs\\\"'", values[] = "\a\b\f\n\r\t\v \\\"'";
    const char *letter = **p ? strchr(letters, **p) : NULL;
    char digits[3] = "", *end;
    long value;

    if (letter) {
        (*p)++;
        return (unsigned char)values[letter - letters];
    }
    if (**p != 'x')
        return -1;
    strncpy(digits, *p + 1, 2);
    value = strtol(digits, &end, 16);
    if (end != digits + 2 || value <= 0)
        return -1;
    *p += 3;
    return value;
}

char *unit_read_word(const char **value, bool *ret_bad)
{
    const char *p = *value + strspn(*value, WHITESPACE);
    char *word = calloc(1, strlen(p) + 1), *to = word, quote = 0;
    int c = 0;

    *ret_bad = false;
    if (!*p) {
        *value = p;
        free(word);
        return NULL;
    }
    while (c >= 0 && *p && (quote || !strchr(WHITESPACE, *p))) {
        c = (unsigned char)*p++;
        if (quote ? c == quote : c == '"' || c == '\'')
            quote = quote ? 0 : c;
        else if (c != '\\')
            *to++ = c;
        else if ((c = read_escape(&p)) >= 0)
            *to++ = c;
    }
    if (quote || c < 0) {
        *ret_bad = true;
        free(word);
        return NULL;
    }
    *value = p;
    return word;
}

char *unit_without_specifiers(const char *text)
{
    char *plain = calloc(1, strlen(text) + 1), *to = plain;

    for (; *text; text++) {
        if (*text == '%' && *++text != '%') {
            free(plain);
            return NULL;
        }
        *to++ = *text;
    }
    return plain;
}

bool unit_is_name(const char *name)
{
    static const char *const types[] = {"service", "socket", "target", "mount", "timer", "path",
            "device", "swap", "automount", "slice", "scope"};
    const char *dot = strrchr(name, '.'), *at = strchr(name, '@');
    bool known = false;

    for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
        known |= strcmp(dot + 1, types[i]) == 0;
    return known && dot != name && at != name && (!at || at + 1 < dot) &&
           strlen(name) <= NAME_LENGTH_MAX &&
           strspn(name, LETTERS DIGITS ":-_.\\@") == strlen(name);
}

bool unit_is_user(const char *name)
{
    char number[32];

    if (!*name || strpbrk(name, ":/" WHITESPACE) || strcmp(name, ".") == 0 ||
            strcmp(name, "..") == 0)
        return false;
    if (name[strspn(name, DIGITS)])
        return *name != '-';
    snprintf(number, sizeof(number), "%llu", strtoull(name, NULL, 10));
    return strcmp(number, name) == 0 && strtoull(name, NULL, 10) < UINT_MAX &&
           strtoull(name, NULL, 10) != USHRT_MAX;
}

/* The next part of a path but "."; NULL: that was all. */
static const char *next_part(const char **path, size_t *ret_length)
{
    do {
        *path += strspn(*path, "/");
        *ret_length = strcspn(*path, "/");
        *path += *ret_length;
    } while (*ret_length == 1 && (*path)[-1] == '.');
    return *ret_length > 0 ? *path - *ret_length : NULL;
}

bool unit_is_path(const char *path)
{
    const char *part;
    size_t length;

    if (*path != '/' || strlen(path) >= PATH_MAX)
        return false;
    while ((part = next_part(&path, &length)))
        if (length > NAME_MAX || (length == 2 && memcmp(part, "..", 2) == 0))
            return false;
    return true;
}

bool unit_is_same_path(const char *a, const char *b)
{
    const char *part, *other;
    size_t length, other_length;

    do {
        part = next_part(&a, &length);
        other = next_part(&b, &other_length);
        if (!part != !other || length != other_length || (part && memcmp(part, other, length) != 0))
            return false;
    } while (part);
    return true;
}
