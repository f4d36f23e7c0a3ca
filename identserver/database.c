/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* With database-backup.c the one file that knows SQLite's codes. Every commit is a durable
 * operation. */

#include "database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "database-internal.h"
#include "schema.h"

#define BUSY_TIMEOUT_MS 5000

/* With -Dcrash_points=true the process ends here, as by a power cut, at call number
 * $UNBOX_DATABASE_CRASH_AT. */
void database_crash_point(void)
{
#ifdef CRASH_POINTS
    static unsigned long point;
    const char *at = getenv("UNBOX_DATABASE_CRASH_AT");

    if (at && ++point == strtoul(at, NULL, 10))
        _exit(137);
#endif
}

int database_translate(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return -EUCLEAN;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_CANTOPEN:
        return -ENOENT;
    default:
        return -EIO;
    }
}

static int execute(struct database *database, const char *sql)
{
    return database_translate(sqlite3_exec(database->sqlite, sql, NULL, NULL, NULL));
}

int database_open_file(const char *path, int flags, struct database **ret)
{
    _cleanup_(database_free_p) struct database *database = calloc(1, sizeof(*database));
    int r;

    if (!database)
        return -ENOMEM;
    r = database_translate(
            sqlite3_open_v2(path, &database->sqlite, flags | SQLITE_OPEN_EXRESCODE, NULL));
    if (r < 0)
        return r;
    sqlite3_busy_timeout(database->sqlite, BUSY_TIMEOUT_MS);
    r = execute(database, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                          "PRAGMA trusted_schema = OFF;");
    if (r >= 0)
        r = database_add_functions(database);
    if (r < 0)
        return r;
    *ret = STEAL(database);
    return 0;
}

static int pragma_int(struct database *database, const char *sql, int64_t *ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row, sql, "");
    if (r <= 0)
        return r < 0 ? r : -EUCLEAN;
    *ret = sqlite3_column_int64(row, 0);
    return 0;
}

static int check_whole(struct database *database)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(database, &row, "PRAGMA quick_check(1)", "");
    if (r <= 0)
        return r < 0 ? r : -EUCLEAN;
    return strcmp((const char *)sqlite3_column_text(row, 0), "ok") == 0 ? 0 : -EUCLEAN;
}

static int check_references(struct database *database)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row, "PRAGMA foreign_key_check", "");

    return r > 0 ? -EUCLEAN : r;
}

static int take_steps(struct database *database)
{
    char sql[64];
    int64_t version;
    int r;

    /* Somebody else may have been faster. */
    r = pragma_int(database, "PRAGMA user_version", &version);
    for (int64_t step = version; r >= 0 && step < SCHEMA_VERSION; step++)
        r = execute(database, schema_steps[step]);
    if (r < 0)
        return r;
    (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", SCHEMA_VERSION);
    r = execute(database, sql);
    return r < 0 ? r : check_references(database);
}

/* From whatever version it has to ours, whole or not at all. */
static int migrate(struct database *database)
{
    int r;

    /* A table that others refer to is replaced by a new one; this has no effect inside. */
    r = execute(database, "PRAGMA foreign_keys = OFF");
    if (r >= 0)
        r = database_begin(database);
    if (r >= 0)
        r = take_steps(database);
    if (r >= 0)
        r = database_commit(database);
    if (r < 0) {
        database_rollback(database);
        return r;
    }
    return execute(database, "PRAGMA foreign_keys = ON");
}

int database_create(const char *path, struct database **ret)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    _cleanup_close_ int fd = -1;
    char sql[64];
    int r;

    /* SQLite would give it the umask's mode, and would open one that is there. */
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    r = database_open_file(path, SQLITE_OPEN_READWRITE, &database);
    if (r < 0)
        return r;
    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
    /* Kept in the file: opening it later changes nothing in what may not be ours. */
    r = execute(database, "PRAGMA journal_mode = WAL");
    if (r >= 0)
        r = execute(database, sql);
    if (r >= 0)
        r = migrate(database);
    if (r < 0)
        return r;
    *ret = STEAL(database);
    return 0;
}

int database_check(struct database *database, int64_t *ret_version)
{
    int64_t application;
    int r;

    r = pragma_int(database, "PRAGMA application_id", &application);
    if (r >= 0)
        r = pragma_int(database, "PRAGMA user_version", ret_version);
    if (r < 0)
        return r;
    if (application != SCHEMA_APPLICATION_ID || *ret_version < 1)
        return -EUCLEAN;
    if (*ret_version > SCHEMA_VERSION)
        return -EPROTONOSUPPORT;
    return check_whole(database);
}

int database_open(const char *path, struct database **ret)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    int64_t version;
    int r;

    r = database_open_file(path, SQLITE_OPEN_READWRITE, &database);
    if (r >= 0)
        r = database_check(database, &version);
    if (r >= 0 && version < SCHEMA_VERSION)
        r = migrate(database);
    if (r < 0)
        return r;
    *ret = STEAL(database);
    return 0;
}

int database_inspect(const char *path, struct database **ret)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    int64_t version;
    int r;

    r = database_open_file(path, SQLITE_OPEN_READWRITE, &database);
    if (r >= 0)
        r = database_check(database, &version);
    if (r < 0)
        return r;
    if (version < SCHEMA_VERSION)
        return -ESTALE;
    *ret = STEAL(database);
    return 0;
}

struct database *database_free(struct database *database)
{
    if (!database)
        return NULL;
    sqlite3_close_v2(database->sqlite);
    free(database);
    return NULL;
}

const char *database_message(const struct database *database)
{
    return sqlite3_errmsg(database->sqlite);
}

static int prepare(struct database *database, const char *sql, const char *types, va_list args,
        sqlite3_stmt **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *statement = NULL;
    int code;

    code = sqlite3_prepare_v2(database->sqlite, sql, -1, &statement, NULL);
    for (int i = 0; code == SQLITE_OK && types[i]; i++)
        if (types[i] == 'i')
            code = sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
        else
            code = sqlite3_bind_text(
                    statement, i + 1, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
    if (code != SQLITE_OK)
        return database_translate(code);
    *ret = STEAL(statement);
    return 0;
}

int database_run(struct database *database, const char *sql, const char *types, ...)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *statement = NULL;
    bool alone = sqlite3_get_autocommit(database->sqlite);
    va_list args;
    int r;

    va_start(args, types);
    r = prepare(database, sql, types, args, &statement);
    va_end(args);
    if (r < 0)
        return r;
    if (alone)
        database_crash_point();
    r = database_translate(sqlite3_step(statement));
    if (r < 0)
        return r;
    if (alone)
        database_crash_point();
    return sqlite3_changes(database->sqlite);
}

int database_query(
        struct database *database, sqlite3_stmt **ret, const char *sql, const char *types, ...)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *statement = NULL;
    va_list args;
    int code, r;

    va_start(args, types);
    r = prepare(database, sql, types, args, &statement);
    va_end(args);
    if (r < 0)
        return r;
    code = sqlite3_step(statement);
    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_ROW)
        return database_translate(code);
    *ret = STEAL(statement);
    return 1;
}

char *database_text(sqlite3_stmt *row, int column)
{
    const unsigned char *text = sqlite3_column_text(row, column);

    return strdup(text ? (const char *)text : "");
}

int database_begin(struct database *database)
{
    return execute(database, "BEGIN IMMEDIATE");
}

int database_commit(struct database *database)
{
    int r;

    database_crash_point();
    r = execute(database, "COMMIT");
    database_crash_point();
    return r;
}

void database_rollback(struct database *database)
{
    if (!sqlite3_get_autocommit(database->sqlite))
        (void)execute(database, "ROLLBACK");
}
