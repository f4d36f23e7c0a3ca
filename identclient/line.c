/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line for systemd and for people; see line.h. */

#include "line.h"

#include <ctype.h>

void line_make(char *text)
{
    for (char *c = text; *c; c++)
        if (!isascii(*c))
            *c = '?';
        else if (iscntrl((unsigned char)*c))
            *c = ' ';
}
