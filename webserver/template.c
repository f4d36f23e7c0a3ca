/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Comments are marks that no text of a catalogue can hold: those are escaped. */

#include "template.h"

#include <string.h>

#include "html.h"
#include "util.h"

#define CUT "<!--cut-->"
#define BEGIN "<!--"
#define END "-->"

/* Up to `mark`, or to the end; *ret_rest is behind it, or NULL. */
static size_t until(
        const char *text, size_t size, const char *mark, const char **ret_rest, size_t *ret_size)
{
    const char *found = memmem(text, size, mark, strlen(mark));

    *ret_rest = found ? found + strlen(mark) : NULL;
    *ret_size = found ? size - (*ret_rest - text) : 0;
    return found ? (size_t)(found - text) : size;
}

static void fill(FILE *stream, const char *name, size_t size, const struct template_value *values)
{
    for (; values && values->name; values++) {
        if (strlen(values->name) != size || memcmp(values->name, name, size) != 0)
            continue;
        if (values->text)
            html_write(stream, values->text);
        else
            fputs(values->markup, stream);
        return;
    }
}

void template_write(
        FILE *stream, const struct asset *page, unsigned part, const struct template_value *values)
{
    const char *text = (const char *)page->data, *rest;
    size_t size = page->size, rest_size;

    for (; part > 0 && text; part--) {
        (void)until(text, size, CUT, &rest, &rest_size);
        text = rest;
        size = rest_size;
    }
    if (!text)
        return;
    size = until(text, size, CUT, &rest, &rest_size);
    while (text) {
        fwrite(text, 1, until(text, size, BEGIN, &rest, &rest_size), stream);
        text = rest;
        size = rest_size;
        if (!text)
            return;
        fill(stream, text, until(text, size, END, &rest, &rest_size), values);
        text = rest;
        size = rest_size;
    }
}
