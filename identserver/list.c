/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lists: the columns' names are the members' names. */

#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of one that is pending. */
#define EXPIRED(now)                                                                               \
    "((SELECT ack_by FROM enrolments WHERE enrolments.serial = devices.serial"                     \
    "  AND enrolments.state = 'pending') < " now ")"

#define COLUMNS(now)                                                                               \
    "serial, uuid, hostname, batch, product, hw_rev, first_seen_at, enrolled_at,"                  \
    " iif(devices.state = 'pending' AND " EXPIRED(now) ", 'expired', devices.state) AS state"

/* Of a list, also of one that is empty. */
#define HEADER                                                                                     \
    "\"serial\",\"uuid\",\"hostname\",\"batch\",\"product\",\"hw_rev\",\"first_seen_at\","         \
    "\"enrolled_at\",\"state\"\r\n"

/* Each way to choose has an index of its own, which begins where the last page ended: a bench may
 * have a million devices. */
#define DEVICES(chosen)                                                                            \
    "SELECT " COLUMNS("?4") " FROM devices WHERE serial > coalesce(?3, '')" chosen                 \
                            " ORDER BY serial LIMIT ?5"
#define OF_BATCH " AND batch = ?1"
#define IN_STATE                                                                                   \
    " AND devices.state = iif(?2 = 'expired', 'pending', ?2)"                                      \
    " AND (devices.state <> 'pending' OR " EXPIRED("?4") " = (?2 = 'expired'))"

#define HOURS_MAX 24

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

static int query_devices(struct database *database, const char *batch, const char *state,
        const char *after, int64_t limit, time_t now, sqlite3_stmt **ret)
{
    const char *all = state ? DEVICES(IN_STATE) : DEVICES("");
    const char *one = state ? DEVICES(OF_BATCH IN_STATE) : DEVICES(OF_BATCH);

    return database_query(database, ret, batch ? one : all, "sssii", batch, state, after,
            (int64_t)now, bounded(limit));
}

int list_devices(struct database *database, const char *batch, const char *state, const char *after,
        int64_t limit, time_t now, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = query_devices(database, batch, state, after, limit, now, &row);

    return collect(r, row, ret);
}

int list_latest(struct database *database, int64_t limit, time_t now, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row,
            "SELECT " COLUMNS("?1") " FROM devices ORDER BY rowid DESC LIMIT ?2", "ii",
            (int64_t)now, bounded(limit));

    return collect(r, row, ret);
}

int list_hours(struct database *database, int hours, time_t now, json_t **ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    _cleanup_json_ json_t *list = json_array();
    json_int_t counts[HOURS_MAX] = {};
    int r, code;

    r = database_query(database, &row,
            "SELECT (?1 - enrolled_at) / 3600 AS age, count(*) FROM"
            " (SELECT enrolled_at FROM devices ORDER BY rowid DESC LIMIT ?2)"
            " WHERE age BETWEEN 0 AND ?3 - 1 GROUP BY age",
            "iii", (int64_t)now, (int64_t)LIST_HOURS_MAX, (int64_t)hours);
    for (code = r > 0 ? SQLITE_ROW : SQLITE_DONE; code == SQLITE_ROW; code = sqlite3_step(row))
        counts[sqlite3_column_int64(row, 0)] = sqlite3_column_int64(row, 1);
    if (r < 0 || code != SQLITE_DONE)
        return r < 0 ? r : -EIO;
    for (int i = hours - 1; i >= 0; i--)
        if (json_array_append_new(list, json_integer(counts[i])) < 0)
            return -ENOMEM;
    *ret = STEAL(list);
    return 0;
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

static int write_rows(FILE *csv, sqlite3_stmt *row, char **ret_next)
{
    int code = SQLITE_ROW, count = 0;

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

    r = query_devices(database, batch, NULL, after, LIST_MAX, now, &row);
    if (r < 0)
        return r;
    csv = open_memstream(&text, &size);
    if (!csv)
        return -ENOMEM;
    if (!after)
        fputs(HEADER, csv);
    if (r > 0)
        r = write_rows(csv, row, &next);
    if (fclose(csv) != 0 && r >= 0)
        r = -ENOMEM;
    if (r < 0)
        return r;
    *ret_csv = STEAL(text);
    *ret_next = STEAL(next);
    return 0;
}
