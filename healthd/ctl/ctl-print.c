/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Prints what others have written: names of networks come from whoever is in reach of the radio,
 * and must neither steer the technician's terminal nor put the columns out of line.
 */

#include <limits.h>
#include <string.h>
#include <wchar.h>

#include "ctl.h"

const char *ctl_on(const struct ctl *ctl, enum ctl_colour colour)
{
    static const char *const sequences[] = {
            [CTL_PLAIN] = "",
            [CTL_BOLD] = "\x1b[1m",
            [CTL_DIM] = "\x1b[2m",
            [CTL_RED] = "\x1b[31m",
            [CTL_GREEN] = "\x1b[32m",
            [CTL_YELLOW] = "\x1b[33m",
    };

    return ctl->colour ? sequences[colour] : "";
}

const char *ctl_off(const struct ctl *ctl, enum ctl_colour colour)
{
    return ctl->colour && colour != CTL_PLAIN ? "\x1b[0m" : "";
}

/* Controls of both kinds, and what turns the direction of writing round. */
static bool is_harmless(wchar_t c)
{
    return c >= 0x20 && !(c >= 0x7f && c < 0xa0) && c != 0x200e && c != 0x200f &&
           !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

/* The next character: its bytes, and its columns, or -1 when it has to be escaped. */
static size_t next(const char *text, mbstate_t *state, int *ret_columns)
{
    wchar_t c;
    size_t n = mbrtowc(&c, text, MB_LEN_MAX, state);

    if (n == (size_t)-1 || n == (size_t)-2) {
        *state = (mbstate_t){};
        *ret_columns = -1;
        return 1;
    }
    *ret_columns = is_harmless(c) ? wcwidth(c) : -1;
    return n;
}

void ctl_put(const char *text)
{
    mbstate_t state = {};
    size_t n;

    for (; *text; text += n) {
        int columns;

        n = next(text, &state, &columns);
        if (columns >= 0)
            fwrite(text, 1, n, stdout);
        for (size_t i = 0; columns < 0 && i < n; i++)
            printf("\\x%02x", (unsigned char)text[i]);
    }
}

size_t ctl_width(const char *text)
{
    mbstate_t state = {};
    size_t width = 0, n;

    for (; *text; text += n) {
        int columns;

        n = next(text, &state, &columns);
        width += columns >= 0 ? (size_t)columns : 4 * n;
    }
    return width;
}

struct cell {
    char *text;
    enum ctl_colour colour;
};

struct ctl_table {
    const char *const *headings;
    size_t columns;
    struct cell *cells; /* row by row */
    size_t count;
};

struct ctl_table *ctl_table_new(const char *const *headings)
{
    struct ctl_table *table = calloc(1, sizeof(*table));

    if (!table)
        return NULL;
    table->headings = headings;
    while (headings[table->columns])
        table->columns++;
    return table;
}

struct ctl_table *ctl_table_free(struct ctl_table *table)
{
    if (!table)
        return NULL;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
    return NULL;
}

void ctl_table_add(struct ctl_table *table, enum ctl_colour colour, const char *text)
{
    struct cell *grown = reallocarray(table->cells, table->count + 1, sizeof(*grown));

    if (!grown)
        abort();
    table->cells = grown;
    grown[table->count] = (struct cell){strdup(text), colour};
    if (!grown[table->count++].text)
        abort();
}

static size_t column_width(const struct ctl_table *table, size_t column)
{
    size_t width = ctl_width(table->headings[column]);

    for (size_t i = column; i < table->count; i += table->columns) {
        size_t needed = ctl_width(table->cells[i].text);

        width = needed > width ? needed : width;
    }
    return width;
}

/* Nothing stands behind the last text of a row. */
static bool is_last(const struct ctl_table *table, const struct cell *row, size_t column)
{
    for (size_t i = column + 1; i < table->columns; i++)
        if (*(row ? row[i].text : table->headings[i]))
            return false;
    return true;
}

static void print_row(const struct ctl *ctl, const struct ctl_table *table, const struct cell *row,
        const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        const char *text = row ? row[i].text : table->headings[i];
        enum ctl_colour colour = row ? row[i].colour : CTL_BOLD;

        fputs(ctl_on(ctl, colour), stdout);
        ctl_put(text);
        fputs(ctl_off(ctl, colour), stdout);
        if (is_last(table, row, i))
            break;
        printf("%*s", (int)(widths[i] - ctl_width(text) + 2), "");
    }
    putchar('\n');
}

void ctl_table_print(const struct ctl *ctl, const struct ctl_table *table)
{
    _cleanup_free_ size_t *widths = calloc(table->columns, sizeof(*widths));

    if (!widths)
        abort();
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = column_width(table, i);
    if (*table->headings[0])
        print_row(ctl, table, NULL, widths);
    for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
        print_row(ctl, table, &table->cells[i], widths);
}
