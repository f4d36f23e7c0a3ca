/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What healthd must still know after its own restart: the last events, what was stopped on
 * purpose, how often each unit was restarted, and where on its ladder one stands. It lies under
 * /run, so a reboot forgets it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "bus.h"
#include "util.h"

#define MEMORY_PATH "/run/unbox/healthd/memory.json"
#define MEMORY_EVENTS 64

struct memory;

/*
 * Reads what is at `path`; what isn't there or can't be used is begun anew. Changes are written
 * when the event loop has nothing more urgent to do. 0 or a negative errno.
 */
int memory_open(sd_event *event, const char *path, struct memory **ret);

/* Writes, and notes that this was a clean end. Accepts NULL; returns NULL. */
struct memory *memory_close(struct memory *memory);

DEFINE_CLEANUP(struct memory *, memory_close);

/* Whoever opened it last, in this boot, did not close it. */
bool memory_was_left_open(const struct memory *memory);

/* Where events are published; borrowed, NULL: nowhere. */
void memory_set_bus(struct memory *memory, struct bus *bus);
struct bus *memory_bus(const struct memory *memory);

/* Adds an event, now; beyond MEMORY_EVENTS the oldest goes. */
void memory_add_event(
        struct memory *memory, const char *service, const char *event, const char *message);

/* All events, the newest last; borrowed. */
json_t *memory_events(const struct memory *memory);

bool memory_is_stopped(const struct memory *memory, const char *unit);
void memory_set_stopped(struct memory *memory, const char *unit, bool stopped);

/* How often systemd's Restart= had brought the unit back when it was last looked at; -1: unknown.
 */
int64_t memory_restarts(const struct memory *memory, const char *unit);
void memory_set_restarts(struct memory *memory, const char *unit, uint32_t restarts);

/* Where a unit stands on its ladder, as unit-memory.c has it; borrowed, NULL: all is well with it.
 */
json_t *memory_ladder(const struct memory *memory, const char *unit);

/* `ladder` is taken over; nothing is written when that is known already. */
void memory_set_ladder(struct memory *memory, const char *unit, json_t *ladder);
