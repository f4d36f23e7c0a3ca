/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Kept events as they are found in the journal. Only entries of healthd's own count: which unit
 * wrote one, journald says, and nobody else can.
 */

#include <string.h>
#include <systemd/sd-journal.h>

#include "bus-private.h"

#define OWN_UNIT "healthd.service"
/* An event fits into a line, and so does its data. */
#define FIELD_SIZE_MAX (UNBOX_IPC_LINE_MAX + 64)

struct bus_journal {
    sd_journal *journal;
    bool begun;
};

struct bus_journal *bus_journal_free(struct bus_journal *journal)
{
    if (!journal)
        return NULL;
    sd_journal_close(journal->journal);
    free(journal);
    return NULL;
}

int bus_journal_open(struct bus_journal **ret)
{
    _cleanup_(bus_journal_free_p) struct bus_journal *journal = calloc(1, sizeof(*journal));
    int r;

    if (!journal)
        return -ENOMEM;
    r = sd_journal_open(&journal->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
    if (r >= 0)
        r = sd_journal_add_match(journal->journal, "UNBOX_KEPT=1", 0);
    if (r >= 0)
        r = sd_journal_add_match(journal->journal, "_SYSTEMD_UNIT=" OWN_UNIT, 0);
    if (r >= 0)
        r = sd_journal_set_data_threshold(journal->journal, FIELD_SIZE_MAX);
    if (r < 0)
        return r;
    *ret = STEAL(journal);
    return 0;
}

/* The value of a field, copied, or NULL. */
static char *get_field(struct bus_journal *journal, const char *name)
{
    size_t prefix = strlen(name) + 1, size;
    const void *data;

    if (sd_journal_get_data(journal->journal, name, &data, &size) < 0 || size < prefix)
        return NULL;
    return strndup((const char *)data + prefix, size - prefix);
}

static bool get_number(struct bus_journal *journal, const char *name, uint64_t *ret)
{
    _cleanup_free_ char *text = get_field(journal, name);
    char *end;
    unsigned long long number;

    if (!text)
        return false;
    errno = 0;
    number = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end || number > INT64_MAX)
        return false;
    *ret = number;
    return true;
}

static int step(struct bus_journal *journal, bool forward)
{
    int r;

    if (journal->begun)
        return forward ? sd_journal_next(journal->journal) : sd_journal_previous(journal->journal);
    r = forward ? sd_journal_seek_head(journal->journal) : sd_journal_seek_tail(journal->journal);
    if (r < 0)
        return r;
    journal->begun = true;
    return forward ? sd_journal_next(journal->journal) : sd_journal_previous(journal->journal);
}

int bus_journal_back(struct bus_journal *journal, uint64_t *ret_seq)
{
    int r;

    while ((r = step(journal, false)) > 0)
        if (get_number(journal, "UNBOX_SEQ", ret_seq))
            return 1;
    /* At its head it stands on the first entry, not before it. */
    if (r == 0)
        journal->begun = false;
    return r;
}

int bus_journal_next(struct bus_journal *journal, struct kept *ret)
{
    struct kept kept = {};
    int r;

    while ((r = step(journal, true)) > 0) {
        _cleanup_free_ char *data = get_field(journal, "UNBOX_DATA");

        if (!data || !get_number(journal, "UNBOX_SEQ", &kept.seq) ||
                !get_number(journal, "UNBOX_PREVIOUS_SEQ", &kept.previous))
            continue;
        kept.data = json_loads(data, JSON_DECODE_ANY, NULL);
        kept.topic = get_field(journal, "UNBOX_TOPIC");
        if (kept.data && unbox_ipc_topic_valid(kept.topic, false)) {
            *ret = kept;
            return 1;
        }
        kept_clear(&kept);
    }
    return r;
}
