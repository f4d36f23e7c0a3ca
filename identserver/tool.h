/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What identserver does once and ends. Each logs, and returns an exit code. */

#include "init.h"

int tool_init(const struct init_options *bench);

/* Copies the database, also while the server runs. */
int tool_backup(const char *directory, const char *file);

/* Makes a backup the database of a bench that has none. */
int tool_restore(const char *directory, const char *file);

/* Adds the lines of a CSV file to a batch's allow-list: by way of the server, where one serves this
 * folder on `socket`. */
int tool_allow(const char *directory, const char *socket, const char *batch, const char *file);

/* Whether the database is whole and nobody has touched its audit; `known` is a hash that it had
 * once, or "". */
int tool_check(const char *directory, const char *known);
