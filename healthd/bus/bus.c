/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Events go out to subscribers, into the journal, and into the memory of the last ones. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bus-private.h"
#include "timestamp.h"
#include "unbox/log.h"

#define FIELDS_MAX 3
#define KEEP_USEC (10 * USEC_PER_SEC)
#define KEEP_MAX 50

void kept_clear(struct kept *kept)
{
    free(kept->topic);
    json_decref(kept->data);
    *kept = (struct kept){};
}

/* Where the journal has none, history begins now: the server's numbers are of the same clock. */
static void find_last(struct bus *bus)
{
    _cleanup_(bus_journal_free_p) struct bus_journal *journal = NULL;
    int r;

    r = bus_journal_open(&journal);
    if (r >= 0)
        r = bus_journal_back(journal, &bus->last_kept);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't read the journal for the events of the past");
    if (bus->last_kept == 0)
        bus->last_kept = timestamp_now() / USEC_PER_MSEC;
    bus->seq = bus->last_kept;
}

int bus_new(sd_event *event, struct bus **ret)
{
    struct bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return -ENOMEM;
    bus->event = sd_event_ref(event);
    find_last(bus);
    *ret = bus;
    return 0;
}

struct bus *bus_free(struct bus *bus)
{
    if (!bus)
        return NULL;
    bus_replay_free_all(bus);
    for (size_t i = 0; i < bus->count; i++)
        kept_clear(&bus->recent[(bus->first + i) % BUS_RECENT]);
    sd_event_unref(bus->event);
    free(bus);
    return NULL;
}

uint64_t bus_last_seq(const struct bus *bus)
{
    return bus->server ? unbox_ipc_server_seq(bus->server) : bus->seq;
}

void bus_set_server(struct bus *bus, struct unbox_ipc_server *server)
{
    bus->seq = bus_last_seq(bus);
    bus->server = server;
}

int bus_publish(struct bus *bus, const char *topic, json_t *data, uint64_t *ret_seq)
{
    if (bus && bus->server)
        return unbox_ipc_server_publish(bus->server, topic, data, ret_seq);
    json_decref(data);
    return 0;
}

bool bus_may_keep(struct bus *bus)
{
    uint64_t now = 0;

    (void)sd_event_now(bus->event, CLOCK_BOOTTIME, &now);
    if (now >= bus->keep_until) {
        bus->keep_until = now + KEEP_USEC;
        bus->keep_count = 0;
    }
    return bus->keep_count++ < KEEP_MAX;
}

const struct kept *bus_recent(const struct bus *bus, size_t i)
{
    return &bus->recent[(bus->first + i) % BUS_RECENT];
}

/* Out of memory it is forgotten, and whoever asks for it sees a gap or finds it in the journal. */
static void remember(struct bus *bus, const char *topic, json_t *data, uint64_t seq)
{
    struct kept kept = {seq, bus->last_kept, strdup(topic), json_incref(data)};

    bus->last_kept = seq;
    if (!kept.topic) {
        kept_clear(&kept);
        return;
    }
    if (bus->count == BUS_RECENT) {
        kept_clear(&bus->recent[bus->first]);
        bus->first = (bus->first + 1) % BUS_RECENT;
        bus->count--;
    }
    bus->recent[(bus->first + bus->count) % BUS_RECENT] = kept;
    bus->count++;
}

static void write_entry(const char *topic, json_t *data, uint64_t seq, uint64_t previous,
        const struct bus_entry *entry)
{
    _cleanup_free_ char *text = json_dumps(data, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *fields[2 * (FIELDS_MAX + 5) + 1];
    char number[24], before[24];
    size_t n = 0;

    for (const char *const *f = entry->fields; f && f[0] && n < 2 * FIELDS_MAX; f += 2) {
        fields[n++] = f[0];
        fields[n++] = f[1];
    }
    if (seq > 0) {
        const char *const own[] = {"UNBOX_TOPIC", topic, "UNBOX_SEQ", number, "UNBOX_PREVIOUS_SEQ",
                before, "UNBOX_DATA", text, "UNBOX_KEPT", "1"};

        snprintf(number, sizeof(number), "%" PRIu64, seq);
        snprintf(before, sizeof(before), "%" PRIu64, previous);
        for (size_t i = 0; i < ELEMENTSOF(own); i++)
            fields[n++] = own[i];
    }
    fields[n] = NULL;
    unbox_log_event(entry->priority, entry->message_id, fields, "%s", entry->message);
}

int bus_publish_kept(struct bus *bus, const char *topic, json_t *data,
        const struct bus_entry *entry, uint64_t *ret_seq)
{
    _cleanup_json_ json_t *owned = data ?: json_null();
    uint64_t seq = 0, previous = bus ? bus->last_kept : 0;
    int r = 0;

    if (json_dumpb(owned, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > BUS_KEPT_MAX)
        return -EMSGSIZE;
    if (bus && bus->server)
        r = unbox_ipc_server_publish(bus->server, topic, json_incref(owned), &seq);
    else if (bus)
        seq = ++bus->seq;
    if (r < 0)
        return r;
    if (bus)
        remember(bus, topic, owned, seq);
    write_entry(topic, owned, seq, previous, entry);
    if (ret_seq)
        *ret_seq = seq;
    return 0;
}
