/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a unit stands on its ladder, kept over healthd's own restart: or a service that was
 * restarted in vain three times would be restarted three times more, each time that healthd is.
 */

#include "memory.h"
#include "unit.h"

/* To be called when the ladder has moved; writes only what is different. */
void unit_remember(struct memory *memory, const struct unit *unit);

/* For a unit that is new: what is remembered of it goes on from there. `now` is the ladder's. */
void unit_recall(const struct memory *memory, struct unit *unit, uint64_t now);
