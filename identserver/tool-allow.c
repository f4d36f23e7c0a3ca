/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A list from a file, which may be long. A server that is at work adds it itself, a piece at a
 * time: somebody else who kept the database busy with it would keep the line waiting.
 */

#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "allow.h"
#include "database.h"
#include "unbox/ipc.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "unbox/store.h"

#define CSV_MAX (64 * 1024 * 1024)
/* Some hundred lines: between two pieces the server answers devices. */
#define PIECE_MAX (8 * 1024)
#define ASK_USEC (30 * USEC_PER_SEC)

/* Whether a server answers there whose database lies in this folder. */
static bool serves(const char *socket, const char *directory)
{
    _cleanup_free_ char *mine = realpath(directory, NULL), *its = NULL;
    _cleanup_json_ json_t *status = NULL;
    const char *told;

    if (unbox_ipc_call_sync(socket, "get_status", NULL, ASK_USEC, &status, NULL, NULL) < 0)
        return false;
    told = json_string_value(json_object_get(status, "directory"));
    its = told ? realpath(told, NULL) : NULL;
    return mine && its && strcmp(mine, its) == 0;
}

/* As many whole lines as fit into a piece, and one at least. */
static size_t piece_size(const char *text)
{
    size_t size = 0, line;

    do {
        line = strcspn(text + size, "\n");
        line += text[size + line] == '\n';
        if (size > 0 && size + line > PIECE_MAX)
            break;
        size += line;
    } while (text[size]);
    return size;
}

static unsigned count_lines(const char *text, size_t size)
{
    unsigned lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

static int send_piece(const char *socket, const char *batch, const char *text, size_t size,
        unsigned line, uint64_t *count)
{
    _cleanup_free_ char *message = NULL;
    _cleanup_json_ json_t *result = NULL;
    json_t *params = json_pack("{s:s, s:s%, s:i}", "batch", batch, "csv", text, size, "line", line);
    int r;

    if (!params) {
        unbox_log(LOG_ERR, "Line %u, or one of those behind it, is no text", line);
        return -EINVAL;
    }
    r = unbox_ipc_call_sync(socket, "allow_serials", params, ASK_USEC, &result, NULL, &message);
    if (r >= 0) {
        *count += json_integer_value(json_object_get(result, "serials"));
        return 0;
    }
    if (*count > 0)
        unbox_log(LOG_ERR,
                "%s. What stands before line %u was added: mend the file and run this again",
                message, line);
    else
        unbox_log(LOG_ERR, "Nothing was added: %s", message);
    return r;
}

static int send_all(const char *socket, const char *batch, const char *csv, uint64_t *ret_count)
{
    uint64_t count = 0;
    unsigned line = 1;
    size_t size;
    int r;

    do {
        size = piece_size(csv);
        r = send_piece(socket, batch, csv, size, line, &count);
        if (r < 0)
            return r;
        line += count_lines(csv, size);
        csv += size;
    } while (*csv);
    *ret_count = count;
    return 0;
}

static int import(const char *directory, const char *batch, const char *csv, uint64_t *ret_count)
{
    _cleanup_(database_free_p) struct database *database = NULL;
    _cleanup_free_ char *path = NULL;
    struct refusal refusal = {};
    int r;

    if (asprintf(&path, "%s/" DATABASE_NAME, directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    r = database_open(path, &database);
    if (r >= 0)
        r = allow_import(database, batch, csv, time(NULL), ret_count, &refusal);
    if (r > 0) {
        unbox_log(LOG_ERR, "Nothing was added: %s", refusal.detail);
        return -EINVAL;
    }
    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't add to the list of %s", batch);
    return r;
}

int tool_allow(const char *directory, const char *socket, const char *batch, const char *file)
{
    _cleanup_free_ char *csv = NULL;
    struct refusal refusal = {};
    uint64_t count = 0;
    int r;

    r = unbox_store_read(file, CSV_MAX, &csv, NULL);
    if (r >= 0)
        r = allow_check(csv, &refusal);
    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't read %s", file);
    if (r > 0)
        unbox_log(LOG_ERR, "Nothing was added: %s", refusal.detail);
    if (r != 0)
        return UNBOX_EXIT_FAILURE;
    r = serves(socket, directory) ? send_all(socket, batch, csv, &count)
                                  : import(directory, batch, csv, &count);
    if (r < 0)
        return UNBOX_EXIT_FAILURE;
    unbox_log(LOG_NOTICE, "Added %llu serials to the list of %s", (unsigned long long)count, batch);
    return UNBOX_EXIT_OK;
}
