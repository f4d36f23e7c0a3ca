/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When checks run and what they come to, with a clock that the test turns. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check-plan.h"
#include "util.h"

#define SEC USEC_PER_SEC

/* A device that has been up for a while. */
#define START (1234 * SEC + 567)

static struct check_plan make(uint64_t interval, unsigned heal_after)
{
    return (struct check_plan){.interval = interval, .heal_after = heal_after};
}

/* Starts it now and ends it `took` later; returns what its result means. */
static unsigned run(struct check_plan *plan, uint64_t now, uint64_t took, enum check_state state)
{
    assert_int_equal(check_plan_step(plan, now), CHECK_START);
    assert_int_equal(check_plan_step(plan, now + took), CHECK_WAIT);
    return check_plan_result(plan, now + took, state);
}

static void test_the_first_run_is_at_once(void **state)
{
    struct check_plan plan = make(5 * SEC, 0);

    assert_true(check_plan_wake(&plan) <= START);
    assert_int_equal(run(&plan, START, 100, CHECK_OK), CHECK_CHANGED);
    assert_int_equal(check_plan_wake(&plan), 1235 * SEC);
    assert_int_equal(check_plan_step(&plan, 1235 * SEC - 1), CHECK_WAIT);
    assert_int_equal(run(&plan, 1235 * SEC, 100, CHECK_OK), 0);
    assert_int_equal(check_plan_wake(&plan), 1240 * SEC);
}

static void test_only_changes_are_told(void **state)
{
    struct check_plan plan = make(5 * SEC, 0);

    assert_int_equal(run(&plan, START, 1, CHECK_FAILING), CHECK_CHANGED);
    for (int i = 0; i < 10; i++)
        assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_OK), CHECK_CHANGED);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_UNKNOWN), CHECK_CHANGED);
}

static void test_one_that_never_returns(void **state)
{
    struct check_plan plan = make(2 * SEC, 0);
    uint64_t started = 1000 * SEC;

    assert_int_equal(check_plan_step(&plan, started), CHECK_START);
    assert_int_equal(check_plan_wake(&plan), started + 5 * SEC);
    assert_int_equal(check_plan_step(&plan, started + 5 * SEC - 1), CHECK_WAIT);
    assert_int_equal(check_plan_step(&plan, started + 5 * SEC), CHECK_TIMED_OUT);
    assert_int_equal(check_plan_result(&plan, started + 5 * SEC, CHECK_FAILING), CHECK_CHANGED);
    /* Not caught up on: the next one is the next. */
    assert_int_equal(check_plan_wake(&plan), started + 6 * SEC);
}

/* A hundred checks of three intervals for an hour: a wake-up every 5 s, and no more. */
static void test_wake_ups_are_shared(void **state)
{
    struct check_plan plans[100];
    uint64_t now = START, wakes = 0;

    for (size_t i = 0; i < ELEMENTSOF(plans); i++)
        plans[i] = make((i % 3 == 0 ? 5 : i % 3 == 1 ? 10 : 60) * SEC, 0);
    while (now < START + 3600 * SEC) {
        uint64_t next = UINT64_MAX;

        wakes++;
        for (size_t i = 0; i < ELEMENTSOF(plans); i++) {
            if (check_plan_step(&plans[i], now) == CHECK_START)
                (void)check_plan_result(&plans[i], now, CHECK_OK);
            if (check_plan_wake(&plans[i]) < next)
                next = check_plan_wake(&plans[i]);
        }
        now = next;
    }
    assert_int_equal(wakes, 1 + 3600 / 5);
}

static void test_healing_takes_failures_in_succession(void **state)
{
    struct check_plan plan = make(5 * SEC, 3);

    assert_int_equal(run(&plan, START, 1, CHECK_FAILING), CHECK_CHANGED);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_OK), CHECK_CHANGED);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), CHECK_CHANGED);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), CHECK_HEAL);
    /* What that has started has as many of its own. */
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
    assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), CHECK_HEAL);
}

static void test_without_heal_it_only_tells(void **state)
{
    struct check_plan plan = make(5 * SEC, 0);

    (void)run(&plan, START, 1, CHECK_FAILING);
    for (int i = 0; i < 100; i++)
        assert_int_equal(run(&plan, check_plan_wake(&plan), 1, CHECK_FAILING), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_first_run_is_at_once),
            cmocka_unit_test(test_only_changes_are_told),
            cmocka_unit_test(test_one_that_never_returns),
            cmocka_unit_test(test_wake_ups_are_shared),
            cmocka_unit_test(test_healing_takes_failures_in_succession),
            cmocka_unit_test(test_without_heal_it_only_tells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
