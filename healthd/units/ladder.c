/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ladder: one step at a time, see the header for the whole. */

#include "ladder.h"

#include "util.h"

/* So long may systemd take to begin with a job. */
#define NO_MOVE_USEC (5 * USEC_PER_SEC)

const struct ladder_rules ladder_default_rules = {
        .delays = {0, 5 * USEC_PER_SEC, 10 * USEC_PER_SEC},
        .steps = 3,
        .interval = 60 * USEC_PER_SEC,
        .starting_limit = 30 * USEC_PER_SEC,
        .settling = 10 * USEC_PER_SEC,
        .good_health = 120 * USEC_PER_SEC,
};

/* A restart that came late, because somebody else was at it, doesn't bring the next one nearer. */
static uint64_t next_restart(const struct ladder *ladder, const struct ladder_rules *rules)
{
    unsigned n = ladder->restarts;

    if (n == 0)
        return ladder->trouble_since + rules->delays[0];
    return ladder->last_restart +
           (n < rules->steps ? rules->delays[n] - rules->delays[n - 1] : rules->interval);
}

/*
 * Right after the last of the first restarts the service is still seen down: its job has not begun.
 * Only what is seen once that moved, or for a while, tells that it was in vain.
 */
static uint64_t degraded_from(const struct ladder *ladder, const struct ladder_rules *rules)
{
    if (ladder->restarts < rules->steps)
        return LADDER_NEVER;
    return ladder->last_restart + (ladder->moved ? 0 : NO_MOVE_USEC);
}

static unsigned open_trouble(struct ladder *ladder, uint64_t now)
{
    if (ladder->trouble)
        return 0;
    ladder->trouble = true;
    ladder->trouble_since = now;
    ladder->ran = false;
    return LADDER_FAILED;
}

static unsigned step_up(struct ladder *ladder, const struct ladder_rules *rules, uint64_t now)
{
    unsigned actions = 0;

    if (ladder->seen != LADDER_UP)
        ladder->up_since = now;
    ladder->overdue = false;

    if (ladder->trouble && !ladder->ran) {
        ladder->ran = true;
        actions |= LADDER_RUNNING_AGAIN;
    }
    if (now - ladder->up_since >= rules->settling) {
        ladder->starting = false;
        if (ladder->trouble)
            actions |= LADDER_RECOVERED;
        ladder->trouble = false;
        ladder->degraded = false;
    }
    if (now - ladder->up_since >= rules->good_health)
        ladder->restarts = 0;
    return actions;
}

static unsigned step_failing(struct ladder *ladder, const struct ladder_rules *rules, uint64_t now)
{
    unsigned actions = open_trouble(ladder, now);

    if (!ladder->degraded && now >= degraded_from(ladder, rules)) {
        ladder->degraded = true;
        actions |= LADDER_DEGRADED;
    }
    if (now < next_restart(ladder, rules))
        return actions;

    ladder->restarts++;
    ladder->last_restart = now;
    ladder->moved = false;
    /* A new start: it has all of the starting limit again. */
    ladder->starting_since = now;
    ladder->overdue = false;
    return actions | LADDER_RESTART;
}

static unsigned step_starting(struct ladder *ladder, const struct ladder_rules *rules, uint64_t now)
{
    if (!ladder->starting) {
        ladder->starting = true;
        ladder->starting_since = now;
    }
    ladder->overdue = now - ladder->starting_since >= rules->starting_limit;
    return ladder->overdue ? step_failing(ladder, rules, now) : 0;
}

unsigned ladder_step(struct ladder *ladder, const struct ladder_rules *rules, uint64_t now,
        enum ladder_seen seen, bool died)
{
    unsigned actions = 0;

    if (seen == LADDER_EXEMPT) {
        *ladder = (struct ladder){.seen = seen};
        return 0;
    }
    if (died)
        actions |= open_trouble(ladder, now);
    if (seen != LADDER_DOWN)
        ladder->moved = true;

    switch (seen) {
    case LADDER_UP:
        actions |= step_up(ladder, rules, now);
        break;
    case LADDER_STARTING:
        actions |= step_starting(ladder, rules, now);
        break;
    case LADDER_DOWN:
        ladder->starting = false;
        ladder->overdue = false;
        actions |= step_failing(ladder, rules, now);
        break;
    case LADDER_WAIT:
    case LADDER_EXEMPT:
        break;
    }
    ladder->seen = seen;
    return actions;
}

void ladder_restarted(struct ladder *ladder, uint64_t now)
{
    ladder->last_restart = now;
    ladder->starting_since = now;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t due_failing(const struct ladder *ladder, const struct ladder_rules *rules)
{
    uint64_t due = next_restart(ladder, rules);

    return ladder->degraded ? due : earlier(due, degraded_from(ladder, rules));
}

uint64_t ladder_due(const struct ladder *ladder, const struct ladder_rules *rules)
{
    switch (ladder->seen) {
    case LADDER_UP:
        if (ladder->trouble || ladder->starting)
            return ladder->up_since + rules->settling;
        return ladder->restarts > 0 ? ladder->up_since + rules->good_health : LADDER_NEVER;
    case LADDER_STARTING:
        return ladder->overdue ? due_failing(ladder, rules)
                               : ladder->starting_since + rules->starting_limit;
    case LADDER_DOWN:
        return due_failing(ladder, rules);
    case LADDER_WAIT:
    case LADDER_EXEMPT:
        break;
    }
    return LADDER_NEVER;
}

bool ladder_is_failing(const struct ladder *ladder)
{
    return ladder->seen == LADDER_DOWN || ladder->overdue ||
           (ladder->degraded && ladder->seen != LADDER_UP);
}
