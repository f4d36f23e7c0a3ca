/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The ladder under a fake clock, to the second. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ladder.h"
#include "util.h"

#define FIRST 1000 /* s: no time is special, not even 0 */

struct service {
    struct ladder ladder;
    unsigned second;
};

static unsigned at(struct service *service, unsigned second, enum ladder_seen seen)
{
    service->second = second;
    return ladder_step(
            &service->ladder, &ladder_default_rules, (FIRST + second) * USEC_PER_SEC, seen, false);
}

static unsigned died(struct service *service, unsigned second, enum ladder_seen seen)
{
    service->second = second;
    return ladder_step(
            &service->ladder, &ladder_default_rules, (FIRST + second) * USEC_PER_SEC, seen, true);
}

/* In which second it wants to be called. */
static unsigned due(const struct service *service)
{
    uint64_t usec = ladder_due(&service->ladder, &ladder_default_rules);

    assert_true(usec != LADDER_NEVER);
    assert_int_equal(usec % USEC_PER_SEC, 0);
    return usec / USEC_PER_SEC - FIRST;
}

static void assert_idle(const struct service *service)
{
    assert_true(ladder_due(&service->ladder, &ladder_default_rules) == LADDER_NEVER);
}

/* The unit answers each restart by failing within the same second. */
static void fail_again(struct service *service)
{
    assert_int_equal(at(service, service->second, LADDER_WAIT), 0);
    assert_int_equal(at(service, service->second, LADDER_STARTING), 0);
}

static void test_restarts_at_0_5_10_then_every_60(void **state)
{
    static const unsigned seconds[] = {5, 10, 70, 130, 190, 250};
    struct service service = {};

    assert_int_equal(at(&service, 0, LADDER_UP), 0);
    assert_idle(&service);

    assert_int_equal(at(&service, 0, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    for (size_t i = 0; i < ELEMENTSOF(seconds); i++) {
        fail_again(&service);
        assert_int_equal(at(&service, service.second, LADDER_DOWN) & LADDER_RESTART, 0);
        assert_int_equal(due(&service), seconds[i]);
        assert_int_equal(at(&service, seconds[i] - 1, LADDER_DOWN), 0);
        assert_int_equal(at(&service, seconds[i], LADDER_DOWN), LADDER_RESTART);
    }
    assert_int_equal(service.ladder.restarts, 7);
}

static void test_degraded_after_three(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_DOWN);
    fail_again(&service);
    at(&service, 5, LADDER_DOWN);
    fail_again(&service);
    assert_int_equal(at(&service, 10, LADDER_DOWN), LADDER_RESTART);
    assert_false(service.ladder.degraded);
    fail_again(&service);
    assert_int_equal(at(&service, 10, LADDER_DOWN), LADDER_DEGRADED);
    assert_true(ladder_is_failing(&service.ladder));
    /* Said once, and kept while the next restarts are tried. */
    assert_int_equal(at(&service, 70, LADDER_DOWN), LADDER_RESTART);
    assert_int_equal(at(&service, 70, LADDER_STARTING), 0);
    assert_true(ladder_is_failing(&service.ladder));
    assert_int_equal(at(&service, 71, LADDER_DOWN), 0);
}

static void test_degraded_though_no_move_was_seen(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_DOWN);
    at(&service, 5, LADDER_DOWN);
    assert_int_equal(at(&service, 10, LADDER_DOWN), LADDER_RESTART);
    assert_int_equal(due(&service), 15);
    assert_int_equal(at(&service, 15, LADDER_DOWN), LADDER_DEGRADED);
    assert_int_equal(due(&service), 70);
}

static void test_starting_has_30_s(void **state)
{
    struct service service = {};

    assert_int_equal(at(&service, 0, LADDER_STARTING), 0);
    assert_int_equal(due(&service), 30);
    assert_int_equal(at(&service, 29, LADDER_STARTING), 0);
    assert_false(ladder_is_failing(&service.ladder));
    assert_int_equal(at(&service, 30, LADDER_STARTING), LADDER_FAILED | LADDER_RESTART);
    /* And the restarted one has them again. */
    assert_false(ladder_is_failing(&service.ladder));
    assert_int_equal(due(&service), 60);
    assert_int_equal(at(&service, 60, LADDER_STARTING), LADDER_RESTART);
    assert_int_equal(at(&service, 90, LADDER_STARTING), LADDER_RESTART);
    assert_int_equal(at(&service, 120, LADDER_STARTING), LADDER_DEGRADED);
    assert_int_equal(due(&service), 150);
    assert_int_equal(at(&service, 150, LADDER_STARTING), LADDER_RESTART);
}

/* Restart=always with RestartSec=2 and a service that lives for a moment. */
static void test_crash_loop_is_systemds_for_30_s(void **state)
{
    struct service service = {};
    unsigned actions = 0;

    at(&service, 0, LADDER_UP);
    assert_int_equal(died(&service, 1, LADDER_STARTING), LADDER_FAILED);
    assert_int_equal(at(&service, 3, LADDER_UP), LADDER_RUNNING_AGAIN);
    for (unsigned second = 3; second < 31; second += 2) {
        actions |= died(&service, second, LADDER_STARTING);
        actions |= at(&service, second + 1, LADDER_UP);
    }
    assert_int_equal(actions, 0);
    assert_int_equal(at(&service, 31, LADDER_STARTING), LADDER_RESTART);
}

static void test_recovery(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_DOWN);
    assert_int_equal(at(&service, 1, LADDER_UP), LADDER_RUNNING_AGAIN);
    assert_false(ladder_is_failing(&service.ladder));
    assert_int_equal(due(&service), 11);
    assert_int_equal(at(&service, 10, LADDER_UP), 0);
    assert_int_equal(at(&service, 11, LADDER_UP), LADDER_RECOVERED);
    assert_int_equal(due(&service), 121);
    assert_int_equal(at(&service, 120, LADDER_UP), 0);
    assert_int_equal(service.ladder.restarts, 1);
    assert_int_equal(at(&service, 121, LADDER_UP), 0);
    assert_int_equal(service.ladder.restarts, 0);
    assert_idle(&service);
}

static void test_failing_within_120_s_goes_on_climbing(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_DOWN);
    at(&service, 1, LADDER_UP);
    at(&service, 11, LADDER_UP);
    assert_int_equal(at(&service, 100, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    assert_int_equal(service.ladder.restarts, 2);
    at(&service, 101, LADDER_UP);
    at(&service, 111, LADDER_UP);
    assert_int_equal(at(&service, 221, LADDER_UP), 0);
    assert_int_equal(at(&service, 230, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    assert_int_equal(service.ladder.restarts, 1);
}

static void test_systemd_was_faster(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_UP);
    assert_int_equal(died(&service, 5, LADDER_UP), LADDER_FAILED | LADDER_RUNNING_AGAIN);
    assert_int_equal(service.ladder.restarts, 0);
}

static void test_hands_off(void **state)
{
    struct service service = {};

    assert_int_equal(at(&service, 0, LADDER_WAIT), 0);
    assert_idle(&service);
    assert_int_equal(at(&service, 100, LADDER_EXEMPT), 0);
    assert_idle(&service);
    assert_false(ladder_is_failing(&service.ladder));

    /* Whoever stops a failing service on purpose ends the trouble. */
    at(&service, 200, LADDER_DOWN);
    at(&service, 201, LADDER_EXEMPT);
    assert_idle(&service);
    assert_int_equal(at(&service, 300, LADDER_UP), 0);
}

/* A job that is pending when a restart is due: it comes right after, and the gaps stay. */
static void test_late_restart(void **state)
{
    struct service service = {};

    at(&service, 0, LADDER_DOWN);
    at(&service, 4, LADDER_WAIT);
    assert_idle(&service);
    assert_int_equal(at(&service, 8, LADDER_DOWN), LADDER_RESTART);
    fail_again(&service);
    assert_int_equal(at(&service, 8, LADDER_DOWN), 0);
    assert_int_equal(due(&service), 13);
}

/* systemd was so busy that it has heard of the restart 20 s later: the next one isn't due at once.
 */
static void test_asked_for_late(void **state)
{
    struct service service = {};

    assert_int_equal(at(&service, 0, LADDER_DOWN), LADDER_FAILED | LADDER_RESTART);
    ladder_restarted(&service.ladder, (FIRST + 20) * USEC_PER_SEC);
    assert_int_equal(at(&service, 20, LADDER_DOWN), 0);
    assert_int_equal(due(&service), 25);
    assert_int_equal(at(&service, 25, LADDER_DOWN), LADDER_RESTART);
}

/* All of the numbers are the configuration's. */
static void test_other_rules(void **state)
{
    static const struct ladder_rules rules = {
            .delays = {2 * USEC_PER_SEC, 2 * USEC_PER_SEC, 7 * USEC_PER_SEC, 20 * USEC_PER_SEC},
            .steps = 4,
            .interval = 300 * USEC_PER_SEC,
            .starting_limit = 90 * USEC_PER_SEC,
            .settling = 3 * USEC_PER_SEC,
            .good_health = 600 * USEC_PER_SEC,
    };
    static const struct {
        unsigned second;
        enum ladder_seen seen;
        unsigned actions;
    } steps[] = {
            {0, LADDER_DOWN, LADDER_FAILED},
            {1, LADDER_DOWN, 0},
            {2, LADDER_DOWN, LADDER_RESTART},
            {2, LADDER_DOWN, LADDER_RESTART},
            {6, LADDER_DOWN, 0},
            {7, LADDER_DOWN, LADDER_RESTART},
            {19, LADDER_DOWN, 0},
            {20, LADDER_DOWN, LADDER_RESTART},
            {21, LADDER_STARTING, 0},
            {109, LADDER_STARTING, 0},
            /* 90 s from when it was seen to start. */
            {110, LADDER_STARTING, 0},
            {111, LADDER_STARTING, LADDER_DEGRADED},
            {319, LADDER_DOWN, 0},
            {320, LADDER_DOWN, LADDER_RESTART},
            {321, LADDER_UP, LADDER_RUNNING_AGAIN},
            {323, LADDER_UP, 0},
            {324, LADDER_UP, LADDER_RECOVERED},
            {920, LADDER_UP, 0},
    };
    struct ladder ladder = {};

    for (size_t i = 0; i < ELEMENTSOF(steps); i++)
        assert_int_equal(ladder_step(&ladder, &rules, (FIRST + steps[i].second) * USEC_PER_SEC,
                                 steps[i].seen, false),
                steps[i].actions);
    assert_int_equal(ladder.restarts, 5);
    assert_true(ladder_due(&ladder, &rules) == (FIRST + 921) * USEC_PER_SEC);
    assert_int_equal(
            ladder_step(&ladder, &rules, (FIRST + 921) * USEC_PER_SEC, LADDER_UP, false), 0);
    assert_int_equal(ladder.restarts, 0);
}

/* One restart, and then every so often. */
static void test_a_single_step(void **state)
{
    static const struct ladder_rules rules = {
            .steps = 1,
            .interval = 10 * USEC_PER_SEC,
            .starting_limit = 30 * USEC_PER_SEC,
            .settling = 10 * USEC_PER_SEC,
            .good_health = 120 * USEC_PER_SEC,
    };
    struct ladder ladder = {};
    uint64_t now = FIRST * USEC_PER_SEC;

    assert_int_equal(
            ladder_step(&ladder, &rules, now, LADDER_DOWN, false), LADDER_FAILED | LADDER_RESTART);
    assert_int_equal(ladder_step(&ladder, &rules, now, LADDER_WAIT, false), 0);
    assert_int_equal(ladder_step(&ladder, &rules, now, LADDER_DOWN, false), LADDER_DEGRADED);
    assert_true(ladder_due(&ladder, &rules) == now + rules.interval);
    assert_int_equal(
            ladder_step(&ladder, &rules, now + rules.interval, LADDER_DOWN, false), LADDER_RESTART);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_restarts_at_0_5_10_then_every_60),
            cmocka_unit_test(test_degraded_after_three),
            cmocka_unit_test(test_degraded_though_no_move_was_seen),
            cmocka_unit_test(test_starting_has_30_s),
            cmocka_unit_test(test_crash_loop_is_systemds_for_30_s),
            cmocka_unit_test(test_recovery),
            cmocka_unit_test(test_failing_within_120_s_goes_on_climbing),
            cmocka_unit_test(test_systemd_was_faster),
            cmocka_unit_test(test_hands_off),
            cmocka_unit_test(test_late_restart),
            cmocka_unit_test(test_asked_for_late),
            cmocka_unit_test(test_other_rules),
            cmocka_unit_test(test_a_single_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
