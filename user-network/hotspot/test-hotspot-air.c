/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whatever the configuration wants: there is a channel that the hotspot can open on in the end. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hotspot-air.h"

static const struct scan_list nobody = {};

static void assert_air(const char *band, unsigned channel, struct hotspot_air air)
{
    assert_string_equal(air.band, band);
    assert_int_equal(air.channel, channel);
}

static void test_quietest(void **state)
{
    assert_air("bg", 1, hotspot_air_choose(&nobody, "bg", 0, 0));
    assert_air("bg", 6, hotspot_air_choose(&nobody, "bg", 0, 1));
    assert_air("bg", 11, hotspot_air_choose(&nobody, "bg", 0, 2));
    assert_air("bg", 1, hotspot_air_choose(&nobody, "bg", 0, 3));
}

static void test_channel_that_may_not_be_used(void **state)
{
    assert_air("bg", 13, hotspot_air_choose(&nobody, "bg", 13, 0));
    assert_air("bg", 1, hotspot_air_choose(&nobody, "bg", 13, 1));
    assert_air("bg", 6, hotspot_air_choose(&nobody, "bg", 13, 2));
}

static void test_band_that_the_radio_does_not_have(void **state)
{
    assert_air("a", 149, hotspot_air_choose(&nobody, "a", 149, 0));
    assert_air("a", 36, hotspot_air_choose(&nobody, "a", 149, 1));
    assert_air("a", 40, hotspot_air_choose(&nobody, "a", 149, 2));
    for (unsigned failures = 3; failures < 9; failures++) {
        struct hotspot_air air = hotspot_air_choose(&nobody, "a", 149, failures);

        assert_string_equal(air.band, "bg");
        assert_true(air.channel == 1 || air.channel == 6 || air.channel == 11);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_quietest),
            cmocka_unit_test(test_channel_that_may_not_be_used),
            cmocka_unit_test(test_band_that_the_radio_does_not_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
