/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text of unknown origin, made fit for JSON. */

#include <jansson.h>
#include <stddef.h>

/* At most `max` bytes of it, "…" behind what was cut. What isn't UTF-8 without NULs has its odd
 * bytes written as \xNN. NULL: out of memory. */
json_t *text_to_json(const char *text, size_t size, size_t max);

/* The same as a string, which the caller frees. */
char *text_clean(const char *text, size_t max);
