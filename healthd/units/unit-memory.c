/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * {"restarts":n,"last":µs,"starting":µs,"trouble":µs,"degraded":b,"ran":b,"since":µs,"why":"…"},
 * only for a unit that has been restarted or is in trouble. Times are of CLOCK_BOOTTIME, as the
 * memory is of one boot, but for `since`. What was seen last isn't kept: it is seen again.
 */

#include "unit-memory.h"

#include <limits.h>
#include <string.h>

void unit_remember(struct memory *memory, const struct unit *unit)
{
    const struct ladder *ladder = &unit->ladder;
    json_t *object;

    if (!ladder->trouble && ladder->restarts == 0) {
        memory_set_ladder(memory, unit->name, NULL);
        return;
    }
    object = json_pack("{s:I, s:I, s:I, s:I, s:b, s:b, s:I, s:s}", "restarts",
            (json_int_t)ladder->restarts, "last", (json_int_t)ladder->last_restart, "starting",
            (json_int_t)(ladder->starting ? ladder->starting_since : 0), "trouble",
            (json_int_t)(ladder->trouble ? ladder->trouble_since : 0), "degraded", ladder->degraded,
            "ran", ladder->ran, "since", (json_int_t)unit->trouble_since, "why",
            unit->trouble ?: "");
    if (object)
        memory_set_ladder(memory, unit->name, object);
}

static bool is_time(json_int_t value, uint64_t now)
{
    return value >= 0 && (uint64_t)value <= now;
}

void unit_recall(const struct memory *memory, struct unit *unit, uint64_t now)
{
    json_int_t restarts, last, starting, trouble, since;
    const char *why = NULL;
    int degraded, ran;

    if (json_unpack(memory_ladder(memory, unit->name), "{s:I, s:I, s:I, s:I, s:b, s:b, s:I, s?s}",
                "restarts", &restarts, "last", &last, "starting", &starting, "trouble", &trouble,
                "degraded", &degraded, "ran", &ran, "since", &since, "why", &why) < 0)
        return;
    if (restarts < 0 || restarts > INT_MAX || !is_time(last, now) || !is_time(starting, now) ||
            !is_time(trouble, now) || since < 0)
        return;
    unit->ladder = (struct ladder){
            .restarts = restarts,
            .last_restart = last,
            .starting = starting > 0,
            .starting_since = starting,
            .trouble = trouble > 0,
            .trouble_since = trouble,
            .degraded = degraded,
            .ran = ran,
    };
    unit->trouble_since = since;
    free(unit->trouble);
    unit->trouble = why && *why ? strdup(why) : NULL;
}
