/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What bus.c, bus-replay.c and bus-journal.c share. */

#include "bus.h"

#define BUS_RECENT 256

struct kept {
    uint64_t seq;
    uint64_t previous;
    char *topic;
    json_t *data;
};

void kept_clear(struct kept *kept);

struct replay_job;

struct bus {
    sd_event *event;
    struct unbox_ipc_server *server;
    uint64_t seq;       /* while there is no server */
    uint64_t last_kept; /* or where history begins */
    struct kept recent[BUS_RECENT];
    size_t first;
    size_t count;
    struct replay_job *jobs;
    uint64_t keep_until; /* CLOCK_BOOTTIME */
    unsigned keep_count;
};

/* The oldest is 0. */
const struct kept *bus_recent(const struct bus *bus, size_t i);

void bus_replay_free_all(struct bus *bus);

/* The kept events in the journal. */
struct bus_journal;

int bus_journal_open(struct bus_journal **ret);
struct bus_journal *bus_journal_free(struct bus_journal *journal);

DEFINE_CLEANUP(struct bus_journal *, bus_journal_free);

/* 1 with *ret filled, 0: there is no more, or a negative errno. The caller clears it. */
int bus_journal_next(struct bus_journal *journal, struct kept *ret);

/* Only the numbers, from the newest on backwards. As bus_journal_next(). */
int bus_journal_back(struct bus_journal *journal, uint64_t *ret_seq);
