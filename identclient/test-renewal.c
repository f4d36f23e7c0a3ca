/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a certificate is due. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "renewal.h"

#define YEAR (365LL * 24 * 60 * 60)
#define NOW 1800000000LL

static void test_two_thirds_of_a_life(void **state)
{
    assert_int_equal(renewal_moment(0, 3), 2);
    assert_int_equal(renewal_moment(NOW, NOW + 3 * YEAR), NOW + 2 * YEAR);
    assert_int_equal(renewal_moment(NOW - YEAR, NOW - YEAR), NOW - YEAR);
    /* Certificates may outlive what 32 bits count. */
    assert_int_equal(renewal_moment(NOW, NOW + 90 * YEAR), NOW + 60 * YEAR);
}

static void test_without_credentials_nothing_is_due(void **state)
{
    const struct credentials_wanted wanted = {.serial = "78", .key_mode = 0640, .now = NOW};
    struct renewal renewal = {};

    assert_int_equal(renewal_load("/nonexistent", &wanted, &renewal), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_two_thirds_of_a_life),
            cmocka_unit_test(test_without_credentials_nothing_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
