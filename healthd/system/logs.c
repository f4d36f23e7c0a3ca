/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Reads from the journal's end backwards. Each turn of the event loop gets a few milliseconds:
 * whatever the journal is like, the watchdog is fed and others are answered meanwhile.
 */

#include "logs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "text.h"
#include "timestamp.h"

#define MESSAGE_MAX 4096 /* bytes; a longer one is cut */
#define TURN_USEC (5 * USEC_PER_MSEC)
#define LIMIT_USEC (5 * USEC_PER_SEC)

struct logs {
    char *unit;
    struct logs_query query;
    logs_done_fn done;
    void *userdata;
    sd_event_source *source;
    sd_journal *journal;
    json_t *entries; /* the newest first, until the end */
    size_t bytes;
    uint64_t end_usec; /* CLOCK_BOOTTIME */
};

struct logs *logs_free(struct logs *logs)
{
    if (!logs)
        return NULL;
    sd_event_source_disable_unref(logs->source);
    if (logs->journal)
        sd_journal_close(logs->journal);
    json_decref(logs->entries);
    free(logs->unit);
    free(logs);
    return NULL;
}

static uint64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_BOOTTIME, &time);
    return time.tv_sec * USEC_PER_SEC + time.tv_nsec / 1000;
}

static int match(sd_journal *journal, const char *field, const char *value)
{
    char text[64 + NAME_MAX];

    snprintf(text, sizeof(text), "%s=%s", field, value);
    return sd_journal_add_match(journal, text, 0);
}

/* What the unit said, what systemd said of it, and what healthd said of it. */
static int match_unit(sd_journal *journal, const char *unit)
{
    int r;

    r = match(journal, "_SYSTEMD_UNIT", unit);
    if (r >= 0)
        r = sd_journal_add_disjunction(journal);
    if (r >= 0)
        r = match(journal, "_PID", "1");
    if (r >= 0)
        r = match(journal, "UNIT", unit);
    if (r >= 0)
        r = sd_journal_add_disjunction(journal);
    if (r >= 0)
        r = match(journal, "_SYSTEMD_UNIT", "healthd.service");
    if (r >= 0)
        r = match(journal, "UNBOX_UNIT", unit);
    return r;
}

static int match_priority(sd_journal *journal, int priority)
{
    int r = priority < LOG_DEBUG ? sd_journal_add_conjunction(journal) : 0;

    for (int i = 0; priority < LOG_DEBUG && i <= priority && r >= 0; i++)
        r = match(journal, "PRIORITY", (const char[]){'0' + i, '\0'});
    return r;
}

static int open_journal(struct logs *logs)
{
    int r;

    r = sd_journal_open(&logs->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (r >= 0)
        r = match_unit(logs->journal, logs->unit);
    if (r >= 0)
        r = match_priority(logs->journal, logs->query.priority);
    if (r >= 0)
        r = sd_journal_set_data_threshold(logs->journal, 2 * MESSAGE_MAX);
    if (r >= 0)
        r = sd_journal_seek_tail(logs->journal);
    return r;
}

/* The value of a field of the current entry; false when it has none that can be read. */
static bool field(sd_journal *journal, const char *name, const char **ret, size_t *ret_size)
{
    const void *data;
    size_t size, skip = strlen(name) + 1;

    if (sd_journal_get_data(journal, name, &data, &size) < 0 || size < skip)
        return false;
    *ret = (const char *)data + skip;
    *ret_size = size - skip;
    return true;
}

static json_t *text_field(sd_journal *journal, const char *name)
{
    const char *text;
    size_t size;

    if (!field(journal, name, &text, &size))
        return json_string("");
    return text_to_json(text, size, MESSAGE_MAX);
}

static int64_t number_field(sd_journal *journal, const char *name, int64_t fallback)
{
    char digits[24];
    const char *text;
    size_t size;

    if (!field(journal, name, &text, &size) || size == 0 || size >= sizeof(digits))
        return fallback;
    memcpy(digits, text, size);
    digits[size] = '\0';
    return strtoll(digits, NULL, 10);
}

static json_t *entry_to_json(sd_journal *journal, uint64_t usec)
{
    char time[TIMESTAMP_SIZE];

    timestamp_format(usec, time);
    return json_pack("{s:s, s:I, s:o, s:I, s:o}", "time", time, "priority",
            (json_int_t)number_field(journal, "PRIORITY", LOG_INFO), "identifier",
            text_field(journal, "SYSLOG_IDENTIFIER"), "pid",
            (json_int_t)number_field(journal, "_PID", 0), "message",
            text_field(journal, "MESSAGE"));
}

enum progress { MORE, COMPLETE, CUT };

/* One entry further back. */
static int read_entry(struct logs *logs, enum progress *ret)
{
    _cleanup_json_ json_t *entry = NULL;
    uint64_t usec;
    size_t size;
    int r;

    *ret = COMPLETE;
    if (json_array_size(logs->entries) >= logs->query.lines)
        return 0;
    r = sd_journal_previous(logs->journal);
    if (r <= 0)
        return r;
    r = sd_journal_get_realtime_usec(logs->journal, &usec);
    if (r < 0)
        return r;
    if (usec < logs->query.since_usec)
        return 0;
    entry = entry_to_json(logs->journal, usec);
    if (!entry)
        return -ENOMEM;
    size = json_dumpb(entry, NULL, 0, JSON_COMPACT) + 1;
    if (logs->bytes + size > logs->query.bytes) {
        *ret = CUT;
        return 0;
    }
    logs->bytes += size;
    *ret = MORE;
    return json_array_append(logs->entries, entry) < 0 ? -ENOMEM : 0;
}

static json_t *reversed(json_t *entries)
{
    json_t *array = json_array();

    for (size_t i = json_array_size(entries); i > 0; i--)
        if (json_array_append(array, json_array_get(entries, i - 1)) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static void finish(struct logs *logs, int error, bool complete)
{
    json_t *entries = error < 0 ? NULL : reversed(logs->entries);
    logs_done_fn done = logs->done;
    void *userdata = logs->userdata;

    if (error >= 0 && !entries)
        error = -ENOMEM;
    logs_free(logs);
    done(error, entries, complete, userdata);
}

static int on_turn(sd_event_source *source, void *userdata)
{
    struct logs *logs = userdata;
    uint64_t begin = now();
    enum progress progress = MORE;
    int r = 0;

    if (!logs->journal) {
        logs->end_usec = begin + LIMIT_USEC;
        r = open_journal(logs);
    }
    while (r >= 0 && progress == MORE && now() < begin + TURN_USEC)
        r = read_entry(logs, &progress);
    if (r >= 0 && progress == MORE && now() >= logs->end_usec)
        progress = CUT;
    if (r < 0 || progress != MORE)
        finish(logs, r, progress == COMPLETE);
    return 0;
}

int logs_read(sd_event *event, const struct logs_query *query, logs_done_fn done, void *userdata,
        struct logs **ret)
{
    _cleanup_(logs_free_p) struct logs *logs = calloc(1, sizeof(*logs));
    int r;

    if (!logs)
        return -ENOMEM;
    *logs = (struct logs){.unit = strdup(query->unit),
            .query = *query,
            .done = done,
            .userdata = userdata,
            .entries = json_array()};
    if (!logs->unit || !logs->entries)
        return -ENOMEM;
    r = sd_event_add_defer(event, &logs->source, on_turn, logs);
    if (r < 0)
        return r;
    r = sd_event_source_set_priority(logs->source, SD_EVENT_PRIORITY_IDLE);
    if (r < 0)
        return r;
    r = sd_event_source_set_enabled(logs->source, SD_EVENT_ON);
    if (r < 0)
        return r;
    *ret = STEAL(logs);
    return 0;
}
