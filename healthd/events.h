/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What happened to a service, told to whom it concerns: an entry in the journal with the fields
 * UNBOX_UNIT and UNBOX_REASON, a kept event on the bus, and one that is remembered for the page.
 */

#include "memory.h"
#include "unit.h"

void events_failed(struct memory *memory, const struct unit *unit);
void events_degraded(struct memory *memory, const struct unit *unit);
void events_restarting(struct memory *memory, const struct unit *unit);
void events_running_again(struct memory *memory, const struct unit *unit);
void events_recovered(struct memory *memory, const struct unit *unit);
void events_stopped(struct memory *memory, const struct unit *unit);

/* `service` as it is shown; `text`: which check, and what it found. */
void events_check_failing(struct memory *memory, const char *service, const char *text);
void events_check_passing(struct memory *memory, const char *service, const char *text);

/* It uses so much of it that it is worth a warning, or doesn't any more: unit->usage says which. */
void events_usage(
        struct memory *memory, const struct unit *unit, enum usage_kind kind, uint64_t limit);

/* Its state in one word, when it isn't what was told last; not kept. */
void events_changed(struct memory *memory, struct unit *unit);

/* healthd itself came back without having ended. */
void events_own_death(struct memory *memory);
