/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers of a unit, and the limits of them. */

#include "usage.h"

#include "util.h"

/* Over less time the processor's share says nothing: two questions may come at once. */
#define BASE_MIN_USEC USEC_PER_SEC

void usage_forget(struct usage *usage)
{
    usage->last = (struct usage_sample){USAGE_UNKNOWN, USAGE_UNKNOWN, USAGE_UNKNOWN};
    usage->base_usec = 0;
    usage->cpu_percent = -1;
}

void usage_take(struct usage *usage, const struct usage_sample *sample, uint64_t now)
{
    bool known = sample->cpu_nsec != USAGE_UNKNOWN;

    usage->last = *sample;
    /* It has been started anew in the meantime. */
    if (!known || (usage->base_usec > 0 && sample->cpu_nsec < usage->base_nsec)) {
        usage->base_usec = 0;
        usage->cpu_percent = -1;
    }
    if (!known || (usage->base_usec > 0 && now - usage->base_usec < BASE_MIN_USEC))
        return;
    if (usage->base_usec > 0)
        usage->cpu_percent = (double)(sample->cpu_nsec - usage->base_nsec) / 10.0 /
                             (double)(now - usage->base_usec);
    usage->base_nsec = sample->cpu_nsec;
    usage->base_usec = now;
}

uint64_t usage_value(const struct usage *usage, enum usage_kind kind)
{
    switch (kind) {
    case USAGE_MEMORY:
        return usage->last.memory;
    case USAGE_CPU:
        return usage->cpu_percent < 0 ? USAGE_UNKNOWN : (uint64_t)usage->cpu_percent;
    case USAGE_TASKS:
        return usage->last.tasks;
    case USAGE_KINDS:
        break;
    }
    return USAGE_UNKNOWN;
}

bool usage_judge(struct usage *usage, const struct usage_limits *limits, enum usage_kind kind)
{
    uint64_t value = usage_value(usage, kind), limit = limits->of[kind];
    bool over = usage->over[kind];

    if (limit == 0)
        over = false;
    else if (value != USAGE_UNKNOWN)
        over = over ? value >= limit - limit / 10 : value >= limit;
    if (over == usage->over[kind])
        return false;
    usage->over[kind] = over;
    return true;
}
