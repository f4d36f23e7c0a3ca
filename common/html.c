/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which characters mean something in a page (HTML, 13.1). */

#include "html.h"

void html_write(FILE *stream, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", stream);
            break;
        case '>':
            fputs("&gt;", stream);
            break;
        case '&':
            fputs("&amp;", stream);
            break;
        case '"':
            fputs("&quot;", stream);
            break;
        default:
            fputc(*text, stream);
        }
}
