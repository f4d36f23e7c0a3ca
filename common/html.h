/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text in a page. */

#include <stdio.h>

/* Writes `text` (UTF-8) so that a browser shows it as it stands, also between double quotes. */
void html_write(FILE *stream, const char *text);
