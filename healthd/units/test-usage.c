/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a unit uses, second by second, and the warnings about it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "usage.h"
#include "util.h"

#define MIB (1024 * 1024)
#define MSEC 1000000ULL /* in ns */

static void take(struct usage *usage, double second, uint64_t cpu_msec)
{
    struct usage_sample sample = {.memory = 10 * MIB, .cpu_nsec = cpu_msec * MSEC, .tasks = 3};

    if (cpu_msec == USAGE_UNKNOWN)
        sample.cpu_nsec = USAGE_UNKNOWN;
    usage_take(usage, &sample, (uint64_t)((1000 + second) * USEC_PER_SEC));
}

static void test_the_processors_share(void **state)
{
    struct usage usage = {};

    usage_forget(&usage);
    assert_true(usage_value(&usage, USAGE_CPU) == USAGE_UNKNOWN);
    take(&usage, 0, 500);
    assert_true(usage_value(&usage, USAGE_CPU) == USAGE_UNKNOWN);
    take(&usage, 5, 1500);
    assert_int_equal(usage_value(&usage, USAGE_CPU), 20);
    /* Right after it somebody else asks: what is known stays. */
    take(&usage, 5.5, 2000);
    assert_int_equal(usage_value(&usage, USAGE_CPU), 20);
    /* Of all the time since, on two processors. */
    take(&usage, 10, 11500);
    assert_int_equal(usage_value(&usage, USAGE_CPU), 200);
    /* A new process has used nothing yet, and is measured from then on. */
    take(&usage, 15, 100);
    assert_true(usage_value(&usage, USAGE_CPU) == USAGE_UNKNOWN);
    take(&usage, 20, 600);
    assert_int_equal(usage_value(&usage, USAGE_CPU), 10);
    take(&usage, 25, USAGE_UNKNOWN);
    assert_true(usage_value(&usage, USAGE_CPU) == USAGE_UNKNOWN);
    assert_int_equal(usage_value(&usage, USAGE_MEMORY), 10 * MIB);
    assert_int_equal(usage_value(&usage, USAGE_TASKS), 3);
}

static void test_a_limit_is_told_of_once(void **state)
{
    static const struct usage_limits limits = {.of = {[USAGE_MEMORY] = 100}};
    static const struct {
        uint64_t memory;
        bool changed, over;
    } steps[] = {
            {99, false, false},
            {100, true, true},
            {250, false, true},
            {99, false, true},
            {90, false, true},
            {USAGE_UNKNOWN, false, true},
            {89, true, false},
            {99, false, false},
            {100, true, true},
    };
    struct usage usage = {};

    for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
        usage.last.memory = steps[i].memory;
        assert_int_equal(usage_judge(&usage, &limits, USAGE_MEMORY), steps[i].changed);
        assert_int_equal(usage.over[USAGE_MEMORY], steps[i].over);
        assert_false(usage_judge(&usage, &limits, USAGE_TASKS));
    }
}

static void test_a_limit_that_is_lifted(void **state)
{
    static const struct usage_limits some = {.of = {[USAGE_TASKS] = 5}}, none = {};
    struct usage usage = {.last.tasks = 7};

    assert_true(usage_judge(&usage, &some, USAGE_TASKS));
    assert_true(usage_judge(&usage, &none, USAGE_TASKS));
    assert_false(usage.over[USAGE_TASKS]);
    assert_false(usage_judge(&usage, &none, USAGE_TASKS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_the_processors_share),
            cmocka_unit_test(test_a_limit_is_told_of_once),
            cmocka_unit_test(test_a_limit_that_is_lifted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
