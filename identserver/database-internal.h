/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files that know SQLite share. */

#include "database.h"

struct database {
    sqlite3 *sqlite;
};

/* SQLite's code as a negative errno, or 0. */
int database_translate(int code);

/* Opens whatever lies there. */
int database_open_file(const char *path, int flags, struct database **ret);

/* Whether it is a bench's, whole, and of a version that we know; nothing is written. 0, -EUCLEAN,
 * -EPROTONOSUPPORT or another negative errno. */
int database_check(struct database *database, int64_t *ret_version);

/* Makes known what the schema's steps, the audit and a restoration call. */
int database_add_functions(struct database *database);

/* Before and after each durable operation: where a test lets the power go. */
void database_crash_point(void);
