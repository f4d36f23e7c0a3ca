/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists: the columns' names are the members' names. */

#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* 'active' comes before 'pending' and 'revoked' in the alphabet, and says the most. */
#define DEVICES                                                                                    \
    "SELECT * FROM (SELECT serial, uuid, hostname, batch, product, hw_rev, first_seen_at,"         \
    " enrolled_at, iif(retired_at IS NOT NULL, 'retired', coalesce("                               \
    "  (SELECT iif(state = 'pending' AND ack_by < ?4, 'expired', state) FROM enrolments"           \
    "   WHERE enrolments.serial = devices.serial ORDER BY state LIMIT 1), 'new')) AS state"        \
    " FROM devices WHERE serial > coalesce(?3, '') AND (?1 IS NULL OR batch = ?1))"                \
    " WHERE ?2 IS NULL OR state = ?2 ORDER BY serial LIMIT ?5"

static json_t *column(sqlite3_stmt *row, int i)
{
    switch (sqlite3_column_type(row, i)) {
    case SQLITE_INTEGER:
        return json_integer(sqlite3_column_int64(row, i));
    case SQLITE_TEXT:
        return json_string((const char *)sqlite3_column_text(row, i));
    default:
        return json_null();
    }
}

static int append(sqlite3_stmt *row, json_t *list)
{
    json_t *object = json_object();

    if (!object || json_array_append_new(list, object) < 0)
        return -ENOMEM;
    for (int i = 0; i < sqlite3_column_count(row); i++)
        if (json_object_set_new(object, sqlite3_column_name(row, i), column(row, i)) < 0)
            return -ENOMEM;
    return 0;
}

/* Takes what database_query() has returned as `r`. */
static int collect(int r, sqlite3_stmt *row, json_t **ret)
{
    _cleanup_json_ json_t *list = json_array();
    int code = r > 0 ? SQLITE_ROW : SQLITE_DONE;

    if (r < 0 || !list)
        return r < 0 ? r : -ENOMEM;
    while (code == SQLITE_ROW) {
        r = append(row, list);
        if (r < 0)
            return r;
        code = sqlite3_step(row);
    }
    if (code != SQLITE_DONE)
        return -EIO;
    *ret = STEAL(list);
    return 0;
}

static int64_t bounded(int64_t limit)
{
    return limit > 0 && limit < LIST_MAX ? limit : LIST_MAX;
}

int list_batches(struct database *database, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row,
            "SELECT name, open, quota, used, done, listed, bundle, country, cloud_endpoint, pool,"
            " created_at FROM batches ORDER BY created_at DESC, rowid DESC LIMIT ?",
            "i", (int64_t)LIST_MAX);

    return collect(r, row, ret);
}

int list_devices(struct database *database, const char *batch, const char *state, const char *after,
        int64_t limit, time_t now, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(
            database, &row, DEVICES, "sssii", batch, state, after, (int64_t)now, bounded(limit));

    return collect(r, row, ret);
}

int list_failures(struct database *database, int64_t before, int64_t limit, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row,
            "SELECT id AS number, at, serial, detail AS reason FROM audit"
            " WHERE event = 'refused' AND (?1 = 0 OR id < ?1) ORDER BY id DESC LIMIT ?2",
            "ii", before, bounded(limit));

    return collect(r, row, ret);
}

/* What a spreadsheet would take for a formula gets an apostrophe: devices choose some of it. */
static void write_field(FILE *csv, const char *text, bool last)
{
    fputc('"', csv);
    if (strchr("=+-@", *text) && *text)
        fputc('\'', csv);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', csv);
        fputc(*text, csv);
    }
    fputs(last ? "\"\r\n" : "\",", csv);
}

static void write_row(FILE *csv, sqlite3_stmt *row)
{
    int columns = sqlite3_column_count(row);

    for (int i = 0; i < columns; i++)
        write_field(csv, (const char *)sqlite3_column_text(row, i) ?: "", i + 1 == columns);
}

static int write_rows(FILE *csv, sqlite3_stmt *row, bool header, char **ret_next)
{
    int code = SQLITE_ROW, columns = sqlite3_column_count(row);
    int count = 0;

    for (int i = 0; header && i < columns; i++)
        write_field(csv, sqlite3_column_name(row, i), i + 1 == columns);
    while (code == SQLITE_ROW) {
        write_row(csv, row);
        if (++count == LIST_MAX) {
            *ret_next = database_text(row, 0);
            return *ret_next ? 0 : -ENOMEM;
        }
        code = sqlite3_step(row);
    }
    return code == SQLITE_DONE ? 0 : -EIO;
}

int list_csv(struct database *database, const char *batch, const char *after, time_t now,
        char **ret_csv, char **ret_next)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_free_ char *text = NULL, *next = NULL;
    size_t size;
    FILE *csv;
    int r;

    r = database_query(
            database, &row, DEVICES, "sssii", batch, NULL, after, (int64_t)now, (int64_t)LIST_MAX);
    if (r < 0)
        return r;
    csv = open_memstream(&text, &size);
    if (!csv)
        return -ENOMEM;
    if (r > 0)
        r = write_rows(csv, row, !after, &next);
    if (fclose(csv) != 0 && r >= 0)
        r = -ENOMEM;
    if (r < 0)
        return r;
    *ret_csv = STEAL(text);
    *ret_next = STEAL(next);
    return 0;
}
