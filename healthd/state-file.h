/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What healthd has to know over its own restart: a JSON document a file, read and written whole. */

#include <jansson.h>
#include <stddef.h>

/* NULL: there is none, or none that can be used, which is then logged. The caller's. */
json_t *state_file_read(const char *path, size_t max);

/* What goes wrong is logged, and costs no more than what a restart would have had to know. */
void state_file_write(const char *path, const json_t *document);
