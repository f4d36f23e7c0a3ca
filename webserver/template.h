/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A page of the program's files with gaps that are filled at the time. It is one text for each
 * language like all pages; what is between two <!--cut--> is a part, and a gap is <!--its name-->.
 */

#include <stdio.h>

#include "assets.h"

struct template_value {
    const char *name;
    const char *text;   /* shown as it stands; NULL: */
    const char *markup; /* is a part of the page */
};

/* Writes the part of this number, the first being 0, with the gaps filled from `values`, which end
 * with one without a name (NULL: there are no gaps). */
void template_write(
        FILE *stream, const struct asset *page, unsigned part, const struct template_value *values);
