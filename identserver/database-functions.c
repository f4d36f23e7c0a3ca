/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What SQL may call of ours: audit_hash(before, id, at, event, serial, detail), so that a migration
 * can chain what was there before as well; and certificate_number(pem), NULL for what is none.
 */

#include <stdio.h>
#include <string.h>

#include "crypto.h"
#include "database-internal.h"

static int hash(int count, sqlite3_value **values, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    _cleanup_free_ char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    if (!stream)
        return -ENOMEM;
    for (int i = 0; i < count; i++) {
        const char *value = (const char *)sqlite3_value_text(values[i]);

        if (i > 0)
            fputc('\0', stream);
        fputs(value ?: "", stream);
    }
    if (fclose(stream) != 0)
        return -ENOMEM;
    return crypto_sha256(text, size, ret);
}

static void audit_hash(sqlite3_context *context, int count, sqlite3_value **values)
{
    char hex[CRYPTO_SHA256_HEX_SIZE];
    int r = hash(count, values, hex);

    if (r == -ENOMEM)
        sqlite3_result_error_nomem(context);
    else if (r < 0)
        sqlite3_result_error_code(context, SQLITE_ERROR);
    else
        sqlite3_result_text(context, hex, -1, SQLITE_TRANSIENT);
}

static void certificate_number(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *pem = (const char *)sqlite3_value_text(values[0]);
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    char *number = NULL;
    int r;

    r = crypto_certificate_from_pem(pem ?: "", &certificate);
    if (r >= 0)
        r = crypto_certificate_number(certificate, &number);
    if (r == -ENOMEM)
        sqlite3_result_error_nomem(context);
    else if (r >= 0)
        sqlite3_result_text(context, number, -1, free);
}

int database_add_functions(struct database *database)
{
    static const struct {
        const char *name;
        int arguments;
        void (*call)(sqlite3_context *context, int count, sqlite3_value **values);
    } functions[] = {{"audit_hash", 6, audit_hash}, {"certificate_number", 1, certificate_number}};
    int code = SQLITE_OK;

    for (size_t i = 0; code == SQLITE_OK && i < ELEMENTSOF(functions); i++)
        code = sqlite3_create_function(database->sqlite, functions[i].name, functions[i].arguments,
                SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, NULL, functions[i].call,
                NULL, NULL);
    return database_translate(code);
}
