/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Allow-lists, and the CSV that they come in. Its fields are serials, so there is nothing to quote
 * or to escape in them. */

#include "allow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "enrolment-protocol.h"
#include "operator-error.h"
#include "register-internal.h"
#include "register.h"

#define SERIAL_SIZE 65
/* What fits into 63 bits. More digits than that belong to what stands before the number. */
#define DIGITS_MAX 18

struct import {
    struct database *database; /* NULL: the text is only looked at */
    const char *batch;
    unsigned line;
    uint64_t count;
    struct refusal *refusal;
};

/* A serial as a range sees it. */
struct numbered {
    char prefix[SERIAL_SIZE];
    int64_t digits;
    int64_t number;
};

static void split(const char *serial, struct numbered *ret)
{
    size_t length = strlen(serial), start = length;

    while (start > 0 && length - start < DIGITS_MAX && serial[start - 1] >= '0' &&
            serial[start - 1] <= '9')
        start--;
    (void)snprintf(ret->prefix, sizeof(ret->prefix), "%.*s", (int)start, serial);
    ret->digits = length - start;
    ret->number = strtoll(serial + start, NULL, 10);
}

static int bad_line(struct import *import, const char *what, const char *serial)
{
    return refuse(import->refusal, 0, OPERATOR_INVALID, "line %u: %s: \"%.64s\"", import->line,
            what, serial);
}

static int add_serial(struct import *import, const char *serial)
{
    int r;

    if (!import->database)
        return 0;
    r = database_run(import->database,
            "INSERT INTO allowed_serials (serial, batch) VALUES (?, ?)"
            " ON CONFLICT (serial) DO UPDATE SET batch = batch WHERE batch = excluded.batch",
            "ss", serial, import->batch);
    if (r == 0)
        return refuse(import->refusal, 0, OPERATOR_CONFLICT,
                "line %u: %s is on another batch's list", import->line, serial);
    import->count++;
    return r < 0 ? r : 0;
}

/* 1: part of it is in a range that is there; 2: it is that very range. */
static int overlaps(
        struct import *import, const struct numbered *first, const struct numbered *last)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r;

    r = database_query(import->database, &row,
            "SELECT first = ?4 AND last = ?3 AND batch = ?5 FROM allowed_ranges"
            " WHERE prefix = ?1 AND digits = ?2 AND first <= ?3 AND last >= ?4",
            "siiis", first->prefix, first->digits, last->number, first->number, import->batch);
    return r > 0 && sqlite3_column_int64(row, 0) ? 2 : r;
}

static int add_range(struct import *import, const char *first_serial, const char *last_serial)
{
    struct numbered first, last;
    int r;

    split(first_serial, &first);
    split(last_serial, &last);
    if (first.digits == 0 || first.digits != last.digits || strcmp(first.prefix, last.prefix) != 0)
        return bad_line(import, "the two are not of one range", last_serial);
    if (last.number < first.number)
        return bad_line(import, "the last is before the first", last_serial);
    if (!import->database)
        return 0;
    r = overlaps(import, &first, &last);
    if (r < 0)
        return r;
    import->count += last.number - first.number + 1;
    if (r == 2)
        return 0;
    if (r > 0)
        return refuse(import->refusal, 0, OPERATOR_CONFLICT,
                "line %u: a part of %s to %s is in a range already", import->line, first_serial,
                last_serial);
    r = database_run(import->database,
            "INSERT INTO allowed_ranges (prefix, digits, first, last, batch)"
            " VALUES (?, ?, ?, ?, ?)",
            "siiis", first.prefix, first.digits, first.number, last.number, import->batch);
    return r < 0 ? r : 0;
}

/* Takes blanks and a pair of quotes off, in place. */
static char *bare(char *field)
{
    size_t length;

    field += strspn(field, " \t");
    length = strlen(field);
    while (length > 0 && strchr(" \t\r", field[length - 1]))
        field[--length] = '\0';
    if (length >= 2 && field[0] == '"' && field[length - 1] == '"') {
        field[length - 1] = '\0';
        field++;
    }
    return field;
}

static int import_line(struct import *import, char *line)
{
    char *rest = line, *first, *last;

    first = bare(strsep(&rest, ",;"));
    last = rest ? bare(strsep(&rest, ",;")) : NULL;
    if (last && !*last)
        last = NULL;
    if (!*first && !last)
        return 0;
    if (import->line == 1 && (strcasecmp(first, "serial") == 0 || strcasecmp(first, "first") == 0))
        return 0;
    if (rest)
        return bad_line(import, "there are more than two fields", rest);
    if (!enrolment_serial_valid(first))
        return bad_line(import, "not 1 to 64 of A-Z a-z 0-9 . _ -", first);
    if (last && !enrolment_serial_valid(last))
        return bad_line(import, "not 1 to 64 of A-Z a-z 0-9 . _ -", last);
    return last ? add_range(import, first, last) : add_serial(import, first);
}

static int check_batch(struct database *database, const char *batch, struct refusal *ret_refusal)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row, "SELECT 1 FROM batches WHERE name = ?", "s", batch);

    if (r == 0)
        return refuse(ret_refusal, 0, OPERATOR_NOT_FOUND, "there is no batch %.80s", batch);
    return r < 0 ? r : 0;
}

static int import_lines(struct import *import, const char *csv)
{
    static const char bom[] = "\xef\xbb\xbf";
    _cleanup_free_ char *text = NULL;
    char *rest, *line;
    int r = 0;

    text = strdup(strncmp(csv, bom, strlen(bom)) == 0 ? csv + strlen(bom) : csv);
    if (!text)
        return -ENOMEM;
    for (rest = text; r == 0 && (line = strsep(&rest, "\n")); import->line++)
        r = import_line(import, line);
    return r;
}

static int import_piece(struct import *import, const char *csv, time_t now)
{
    char detail[128];
    int r;

    r = check_batch(import->database, import->batch, import->refusal);
    if (r == 0)
        r = import_lines(import, csv);
    if (r != 0)
        return r;
    (void)snprintf(detail, sizeof(detail), "%llu serials for %s", (unsigned long long)import->count,
            import->batch);
    return audit_add(import->database, now, "serials allowed", "", detail);
}

int allow_import_piece(struct database *database, const char *batch, const char *csv, unsigned line,
        time_t now, uint64_t *ret_count, struct refusal *ret_refusal)
{
    struct import import = {
            .database = database, .batch = batch, .line = line, .refusal = ret_refusal};
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    r = register_finish(database, import_piece(&import, csv, now));
    if (r == 0)
        *ret_count = import.count;
    return r;
}

int allow_import(struct database *database, const char *batch, const char *csv, time_t now,
        uint64_t *ret_count, struct refusal *ret_refusal)
{
    return allow_import_piece(database, batch, csv, 1, now, ret_count, ret_refusal);
}

int allow_check(const char *csv, struct refusal *ret_refusal)
{
    struct import import = {.batch = "", .line = 1, .refusal = ret_refusal};

    return import_lines(&import, csv);
}

static int clear(
        struct database *database, const char *batch, time_t now, struct refusal *ret_refusal)
{
    int r;

    r = check_batch(database, batch, ret_refusal);
    if (r != 0)
        return r;
    r = database_run(database, "DELETE FROM allowed_serials WHERE batch = ?", "s", batch);
    if (r >= 0)
        r = database_run(database, "DELETE FROM allowed_ranges WHERE batch = ?", "s", batch);
    return r < 0 ? r : audit_add(database, now, "list emptied", "", batch);
}

int allow_clear(
        struct database *database, const char *batch, time_t now, struct refusal *ret_refusal)
{
    int r;

    r = database_begin(database);
    if (r < 0)
        return r;
    return register_finish(database, clear(database, batch, now, ret_refusal));
}

int allow_find(struct database *database, const char *serial, char **ret_batch)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    struct numbered numbered;
    int r;

    split(serial, &numbered);
    r = database_query(database, &row,
            "SELECT batch, 1 AS rank FROM allowed_serials WHERE serial = ?1"
            " UNION ALL"
            " SELECT batch, 2 FROM (SELECT batch, last FROM allowed_ranges"
            "  WHERE prefix = ?2 AND digits = ?3 AND first <= ?4 ORDER BY first DESC LIMIT 1)"
            "  WHERE last >= ?4"
            " ORDER BY rank LIMIT 1",
            "ssii", serial, numbered.prefix, numbered.digits, numbered.number);
    if (r <= 0)
        return r;
    *ret_batch = database_text(row, 0);
    return *ret_batch ? 1 : -ENOMEM;
}
