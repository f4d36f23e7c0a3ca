/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Labels of devices as a page to be printed: sheets of 3 by 8. The page's text is
 * assets/labels.part.html; the codes are drawn here, as no service sends markup.
 */

#include <jansson.h>
#include <stdio.h>

#include "assets.h"

void labels_begin(FILE *stream, const struct asset *page);

/*
 * Writes the label of this number of a sheet, with the sheet's beginning and end around the first
 * and the last. Each is {"serial","hostname","ssid","password","qr"}; `qr` is the text of the code.
 * 0; -EBADMSG: it is no label; or another negative errno.
 */
int labels_write(FILE *stream, const struct asset *page, const json_t *sheet, size_t number);

/* `none`: there was no label before. */
void labels_end(FILE *stream, const struct asset *page, bool none);
