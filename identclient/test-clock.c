/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock is raised and never lowered, and so is its floor on the disk. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "unbox/store.h"
#include "util.h"

#define BENCH_TIME 1800000000LL
#define HOUR (60 * 60)

/* The test's clock. */
static time_t present;
static int refusal;

static time_t fake_now(void)
{
    return present;
}

static int fake_set(time_t moment)
{
    if (refusal < 0)
        return refusal;
    present = moment;
    return 0;
}

static const struct clock_ops fake = {fake_now, fake_set};

static int enter_folder(void **state)
{
    char *folder = strdup("/tmp/unbox-test-clock-XXXXXX");

    *state = folder;
    present = 0;
    refusal = 0;
    return !mkdtemp(folder) || chdir(folder) < 0 ? -1 : 0;
}

static int leave_folder(void **state)
{
    int r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(*state);

    free(*state);
    return r < 0 ? -1 : 0;
}

static void test_a_device_in_1970(void **state)
{
    int64_t floor;

    assert_int_equal(clock_now(&fake, BENCH_TIME), BENCH_TIME);
    assert_int_equal(clock_raise(&fake, BENCH_TIME), 1);
    assert_int_equal(present, BENCH_TIME);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME), 1);

    /* The next boot, far from any bench. */
    present = 12;
    assert_int_equal(clock_floor_read(".", &floor), 0);
    assert_int_equal(clock_raise(&fake, floor), 1);
    assert_int_equal(present, BENCH_TIME);
}

static void test_a_clock_is_not_lowered(void **state)
{
    present = BENCH_TIME + HOUR;
    assert_int_equal(clock_raise(&fake, BENCH_TIME), 0);
    assert_int_equal(clock_raise(&fake, BENCH_TIME + HOUR + 1), 0);
    assert_int_equal(present, BENCH_TIME + HOUR);
    assert_int_equal(clock_now(&fake, BENCH_TIME), BENCH_TIME + HOUR);
}

static void test_a_clock_that_may_not_be_set(void **state)
{
    refusal = -EPERM;
    assert_int_equal(clock_raise(&fake, BENCH_TIME), -EPERM);
    assert_int_equal(clock_now(&fake, BENCH_TIME), BENCH_TIME);
}

static void test_the_floor_is_not_lowered(void **state)
{
    int64_t floor = 0;

    assert_int_equal(clock_floor_read(".", &floor), -ENOENT);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME), 1);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME - HOUR), 0);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME + HOUR - 1), 0);
    assert_int_equal(clock_floor_read(".", &floor), 0);
    assert_int_equal(floor, BENCH_TIME);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME + HOUR), 1);
    assert_int_equal(clock_floor_read(".", &floor), 0);
    assert_int_equal(floor, BENCH_TIME + HOUR);
}

static void test_what_is_no_floor(void **state)
{
    static const char *const texts[] = {
            "", "\n", "soon\n", "12\n", "1800000000 \n", "99999999999999\n", "-1800000000\n"};
    int64_t floor;

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        assert_int_equal(unbox_store_write("clock", texts[i], strlen(texts[i]), 0644, -1, -1), 0);
        assert_int_equal(clock_floor_read(".", &floor), -ENOENT);
    }
    assert_int_equal(clock_floor_raise(".", 12), -ERANGE);
    assert_int_equal(clock_floor_raise(".", CLOCK_MAX + 1), -ERANGE);
    assert_int_equal(clock_floor_raise(".", BENCH_TIME), 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_device_in_1970),
            TEST(test_a_clock_is_not_lowered),
            TEST(test_a_clock_that_may_not_be_set),
            TEST(test_the_floor_is_not_lowered),
            TEST(test_what_is_no_floor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
