/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which countries there are; that they are the page's is webserver/test-page.py's to see. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "country-codes.h"
#include "util.h"

static void test_known(void **state)
{
    static const char *const known[] = {"AD", "CA", "CH", "DE", "GB", "US", "ZW"};

    for (size_t i = 0; i < ELEMENTSOF(known); i++)
        assert_true(country_code_known(known[i]));
}

/* Some are no country at all, of some there are no rules; "D " and " C" are in the table's bytes.
 */
static void test_unknown(void **state)
{
    static const char *const unknown[] = {"", "C", "ca", "Ca", "CAN", "C1", "00", "99", "  ", " C",
            "D ", "UK", "EU", "XX", "ZZ", "AQ", "GL ", "\xc3\x89"};

    for (size_t i = 0; i < ELEMENTSOF(unknown); i++)
        assert_false(country_code_known(unknown[i]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_known),
            cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
