/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SQLite for the bench: write-ahead log, synchronous=FULL, so that what was answered survives the
 * loss of power. Its codes are turned into negative errnos here: -ENOSPC, -EROFS, -EUCLEAN for a
 * damaged file, -EEXIST for a broken constraint, -EBUSY, -EIO.
 */

#include <sqlite3.h>
#include <stdint.h>

#include "util.h"

struct database;

DEFINE_CLEANUP(sqlite3_stmt *, sqlite3_finalize);

/* Makes a new one with the bench's tables; -EEXIST when there is one already. */
int database_create(const char *path, struct database **ret);

/*
 * Opens one and looks whether it is ours and whole: -EUCLEAN when it isn't, -EPROTONOSUPPORT when
 * it is a later version's; nothing was written then. One of an earlier version is brought to ours.
 */
int database_open(const char *path, struct database **ret);

/* The same to look at it alone: nothing is written, and one of an earlier version is -ESTALE. */
int database_inspect(const char *path, struct database **ret);

/* Accepts NULL; returns NULL. */
struct database *database_free(struct database *database);

DEFINE_CLEANUP(struct database *, database_free);

/* SQLite's text for the last error. Borrowed, until the next call. */
const char *database_message(const struct database *database);

/*
 * Binds one argument for each letter of `types` (s: const char *, NULL allowed; i: int64_t) and
 * runs the statement. Returns how many rows it changed, or a negative errno.
 */
int database_run(struct database *database, const char *sql, const char *types, ...);

/*
 * The same for a query: 1 with *ret at the first row, 0 when there is none. Next rows by
 * sqlite3_step(); free *ret with sqlite3_finalize().
 */
int database_query(
        struct database *database, sqlite3_stmt **ret, const char *sql, const char *types, ...);

/* A column of the present row as a copy, or NULL without memory; SQL's NULL becomes "". */
char *database_text(sqlite3_stmt *row, int column);

/* A transaction; rollback is fine when there is none. */
int database_begin(struct database *database);
int database_commit(struct database *database);
void database_rollback(struct database *database);

/*
 * A consistent copy in a new file, 0600, also while somebody writes; checked before it gets its
 * name. `from` is a bench's database, and may be of an earlier version. 0; -EEXIST: there is a file
 * of that name, or what SQLite has left of one; -EUCLEAN; or another negative errno.
 */
int database_copy(const char *from, const char *to);

/* -EEXIST when there is a database of that name, or what SQLite has left of one. */
int database_is_free(const char *path);

/* Removes one with what SQLite keeps beside it; fine when there is none. 0 or a negative errno. */
int database_remove(const char *path);
