/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entries are chained by the database, with audit_hash() (database-functions.c). */

#include "audit.h"

#include <stdio.h>
#include <string.h>

int audit_add(struct database *database, time_t now, const char *event, const char *serial,
        const char *detail)
{
    int r = database_run(database,
            "INSERT INTO audit (id, at, event, serial, detail, hash)"
            " SELECT id + 1, ?1, ?2, ?3, ?4, audit_hash(hash, id + 1, ?1, ?2, ?3, ?4)"
            " FROM (SELECT id, hash FROM audit UNION ALL SELECT 0, '' ORDER BY id DESC LIMIT 1)",
            "isss", (int64_t)now, event, serial, detail);

    return r < 0 ? r : 0;
}

static int find_broken(struct database *database, int64_t *ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    int r = database_query(database, &row,
            "SELECT id FROM (SELECT id, hash,"
            "  audit_hash(lag(hash, 1, '') OVER (ORDER BY id), id, at, event, serial, detail)"
            "  AS expected FROM audit)"
            " WHERE hash <> expected ORDER BY id LIMIT 1",
            "");

    *ret = r > 0 ? sqlite3_column_int64(row, 0) : 0;
    return r < 0 ? r : 0;
}

int audit_check(struct database *database, const char *known, struct audit_state *ret)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;
    struct audit_state state = {};
    int r;

    r = find_broken(database, &state.broken);
    if (r < 0)
        return r;
    r = database_query(database, &row,
            "SELECT (SELECT count(*) FROM audit),"
            " coalesce((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), ''),"
            " EXISTS (SELECT 1 FROM audit WHERE hash = ?)",
            "s", known);
    if (r <= 0)
        return r < 0 ? r : -EIO;
    state.entries = sqlite3_column_int64(row, 0);
    (void)snprintf(state.last, sizeof(state.last), "%s", sqlite3_column_text(row, 1));
    state.known = sqlite3_column_int64(row, 2);
    *ret = state;
    return 0;
}
