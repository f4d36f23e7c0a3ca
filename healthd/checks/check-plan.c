/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The plan of one check; see the header for the whole. */

#include "check-plan.h"

uint64_t check_plan_wake(const struct check_plan *plan)
{
    return plan->running ? plan->started + CHECK_LIMIT_USEC : plan->due;
}

enum check_step check_plan_step(struct check_plan *plan, uint64_t now)
{
    if (now < check_plan_wake(plan))
        return CHECK_WAIT;
    if (plan->running)
        return CHECK_TIMED_OUT;
    plan->running = true;
    plan->started = now;
    return CHECK_START;
}

unsigned check_plan_result(struct check_plan *plan, uint64_t now, enum check_state state)
{
    unsigned result = !plan->known || state != plan->state ? CHECK_CHANGED : 0;

    plan->running = false;
    plan->known = true;
    plan->state = state;
    plan->due = (now / plan->interval + 1) * plan->interval;

    plan->failures = state == CHECK_FAILING ? plan->failures + 1 : 0;
    if (plan->heal_after > 0 && plan->failures >= plan->heal_after) {
        plan->failures = 0;
        result |= CHECK_HEAL;
    }
    return result;
}
