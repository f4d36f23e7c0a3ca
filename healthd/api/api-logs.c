/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* get_logs: what a service said. Of the services that are watched, and of no other: it is no way to
 * read the whole journal. */

#include <string.h>
#include <syslog.h>

#include "api.h"
#include "logs.h"
#include "timestamp.h"
#include "unbox/log.h"

struct reading {
    struct api *api;
    struct unbox_ipc_call *call;
    char *unit;
    struct logs *logs;
};

static void reading_free(struct reading *reading)
{
    for (size_t i = 0; i < API_READINGS_MAX; i++)
        if (reading->api->readings[i] == reading)
            reading->api->readings[i] = NULL;
    logs_free(reading->logs);
    free(reading->unit);
    free(reading);
}

void api_stop_reading(struct api *api)
{
    for (size_t i = 0; i < API_READINGS_MAX; i++)
        if (api->readings[i]) {
            (void)unbox_ipc_reply_error(
                    api->readings[i]->call, UNBOX_IPC_INTERNAL_ERROR, "healthd ends");
            reading_free(api->readings[i]);
        }
}

static void on_read(int error, json_t *entries, bool complete, void *userdata)
{
    struct reading *reading = userdata;

    reading->logs = NULL;
    if (error < 0) {
        unbox_log_errno(LOG_ERR, error, "the journal can't be read");
        (void)unbox_ipc_reply_error(reading->call, UNBOX_IPC_INTERNAL_ERROR,
                "the journal can't be read: %s", strerrordesc_np(-error));
    } else {
        (void)unbox_ipc_reply(reading->call, json_pack("{s:s, s:o, s:b}", "unit", reading->unit,
                                                     "entries", entries, "complete", complete));
    }
    reading_free(reading);
}

/* NULL when it is fine, otherwise what is wrong. */
static const char *read_params(json_t *params, struct logs_query *ret)
{
    json_int_t lines = LOGS_LINES_MAX, priority = LOG_DEBUG;
    const char *since = NULL;

    *ret = (struct logs_query){};
    if (json_unpack(params, "{s:s, s?I, s?s, s?I !}", "unit", &ret->unit, "lines", &lines, "since",
                &since, "priority", &priority) < 0)
        return "\"unit\" is a name, \"lines\" a number, \"since\" a text, \"priority\" a number; "
               "there is nothing else";
    if (lines < 1 || lines > LOGS_LINES_MAX)
        return "\"lines\" must be from 1 to 200";
    if (priority < LOG_EMERG || priority > LOG_DEBUG)
        return "\"priority\" must be from 0 (emergency) to 7 (debug)";
    if (since && timestamp_parse(since, &ret->since_usec) < 0)
        return "\"since\" must be a time such as 2026-01-31T23:59:59Z";
    ret->lines = lines;
    ret->bytes = LOGS_BYTES_MAX;
    ret->priority = priority;
    return NULL;
}

static int begin(struct api *api, struct unbox_ipc_call *call, const struct logs_query *query,
        struct reading **slot)
{
    struct reading *reading = calloc(1, sizeof(*reading));
    int r = -ENOMEM;

    if (!reading)
        return -ENOMEM;
    *reading = (struct reading){api, call, strdup(query->unit), NULL};
    if (reading->unit)
        r = logs_read(api->event, query, on_read, reading, &reading->logs);
    if (r < 0)
        reading_free(reading);
    else
        *slot = reading;
    return r;
}

int api_get_logs(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    struct logs_query query;
    const char *wrong = read_params(params, &query);
    struct unit *unit;

    if (wrong)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS, "%s", wrong);
    unit = units_find_shown(api->units, query.unit);
    if (!unit)
        return unbox_ipc_reply_error(call, UNBOX_IPC_NOT_FOUND,
                "%s is none of the services that are watched", query.unit);
    query.unit = unit->name;
    for (size_t i = 0; i < API_READINGS_MAX; i++)
        if (!api->readings[i])
            return begin(api, call, &query, &api->readings[i]);
    return unbox_ipc_reply_error(
            call, UNBOX_IPC_BUSY, "others are reading the journal; try again in a moment");
}
