/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ring.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct ring {
    struct ring_entry entries[RING_ENTRIES_MAX]; /* place p is at p % RING_ENTRIES_MAX */
    uint64_t first;
    uint64_t end;
    size_t bytes;
    struct event_id last;
    struct event_id floor; /* what came after it is in the ring */
};

static int compare(const struct event_id *a, const struct event_id *b)
{
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return a->n == b->n ? 0 : a->n < b->n ? -1 : 1;
}

/* Plain digits: strtoull() would take a sign and blanks. */
static int parse_number(const char **text, uint64_t max, uint64_t *ret)
{
    char *end;

    if (**text < '0' || **text > '9')
        return -EINVAL;
    errno = 0;
    *ret = strtoull(*text, &end, 10);
    if (errno != 0 || *ret > max)
        return -ERANGE;
    *text = end;
    return 0;
}

static int skip(const char **text, char c)
{
    if (**text != c)
        return -EINVAL;
    (*text)++;
    return 0;
}

int event_id_parse(const char *text, struct event_id *ret)
{
    uint64_t seq, n, process;
    int r;

    r = parse_number(&text, INT64_MAX, &seq);
    if (r == 0)
        r = skip(&text, '-');
    if (r == 0)
        r = parse_number(&text, UINT32_MAX, &n);
    if (r == 0)
        r = skip(&text, '-');
    if (r == 0)
        r = parse_number(&text, UINT32_MAX, &process);
    if (r < 0 || *text)
        return -EINVAL;
    *ret = (struct event_id){seq, (uint32_t)n, (uint32_t)process};
    return 0;
}

void event_id_format(const struct event_id *id, char ret[static EVENT_ID_SIZE])
{
    snprintf(ret, EVENT_ID_SIZE, "%" PRIu64 "-%" PRIu32 "-%" PRIu32, id->seq, id->n, id->process);
}

struct ring *ring_new(uint32_t process)
{
    struct ring *ring = calloc(1, sizeof(*ring));

    if (ring)
        ring->last.process = process;
    return ring;
}

static struct ring_entry *entry_at(struct ring *ring, uint64_t place)
{
    return &ring->entries[place % RING_ENTRIES_MAX];
}

static void drop_first(struct ring *ring)
{
    struct ring_entry *entry = entry_at(ring, ring->first++);

    ring->bytes -= entry->size;
    if (compare(&entry->id, &ring->floor) > 0)
        ring->floor = entry->id;
    free(entry->text);
    *entry = (struct ring_entry){};
}

struct ring *ring_free(struct ring *ring)
{
    if (!ring)
        return NULL;
    while (ring->first < ring->end)
        drop_first(ring);
    free(ring);
    return NULL;
}

int ring_format(const struct event_id *id, const char *topic, json_t *data, char **ret_text,
        size_t *ret_size)
{
    _cleanup_json_ json_t *message = json_pack("{ss sO?}", "topic", topic, "data", data);
    _cleanup_free_ char *line = message ? json_dumps(message, JSON_COMPACT) : NULL;
    char number[EVENT_ID_SIZE];
    int n;

    if (!line)
        return message ? -ENOMEM : -EINVAL;
    /* JSON has no line breaks of its own: it is one line of the stream. */
    if (id) {
        event_id_format(id, number);
        n = asprintf(ret_text, "id: %s\ndata: %s\n\n", number, line);
    } else {
        n = asprintf(ret_text, "data: %s\n\n", line);
    }
    if (n < 0)
        return -ENOMEM;
    *ret_size = n;
    return 0;
}

/* Ids only ever grow, whatever the bus's clock does. */
static struct event_id next_id(const struct ring *ring, uint64_t seq)
{
    if (seq > ring->last.seq)
        return (struct event_id){seq, 0, ring->last.process};
    return (struct event_id){ring->last.seq, ring->last.n + 1, ring->last.process};
}

int ring_add(struct ring *ring, const char *topic, json_t *data, uint64_t seq, unsigned scope)
{
    struct ring_entry entry = {.id = next_id(ring, seq), .scope = scope};
    int r;

    r = ring_format(&entry.id, topic, data, &entry.text, &entry.size);
    if (r < 0)
        return r;
    /* One would push out all others. */
    if (entry.size > RING_BYTES_MAX) {
        free(entry.text);
        return -EMSGSIZE;
    }
    while (ring->first < ring->end && (ring->end - ring->first == RING_ENTRIES_MAX ||
                                              ring->bytes + entry.size > RING_BYTES_MAX))
        drop_first(ring);
    *entry_at(ring, ring->end++) = entry;
    ring->bytes += entry.size;
    ring->last = entry.id;
    return 0;
}

struct event_id ring_last(const struct ring *ring)
{
    return ring->last;
}

uint64_t ring_end(const struct ring *ring)
{
    return ring->end;
}

uint64_t ring_after(const struct ring *ring, const struct event_id *id, bool *ret_gap)
{
    uint64_t place = ring->end;

    while (place > ring->first &&
            compare(&ring->entries[(place - 1) % RING_ENTRIES_MAX].id, id) > 0)
        place--;
    *ret_gap = id->process != ring->last.process || compare(id, &ring->floor) < 0 ||
               compare(id, &ring->last) > 0;
    return place;
}

const struct ring_entry *ring_get(const struct ring *ring, uint64_t place)
{
    if (place < ring->first || place >= ring->end)
        return NULL;
    return &ring->entries[place % RING_ENTRIES_MAX];
}
