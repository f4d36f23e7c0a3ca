/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which language a browser gets. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "language.h"
#include "util.h"

static const char *const languages[] = {"en", "fr", NULL};

static void test_accepted(void **state)
{
    static const struct {
        const char *accepted;
        const char *language;
    } cases[] = {
            {NULL, "en"},
            {"", "en"},
            {"fr", "fr"},
            {"FR", "fr"},
            {"fr-CA", "fr"},
            {"fr-CA,fr;q=0.9,en;q=0.8", "fr"},
            {"en-US,en;q=0.9,fr;q=0.8", "en"},
            {"en;q=0.2, fr;q=0.201", "fr"},
            {"en;q=0.5,fr;q=1", "fr"},
            {"de, es;q=0.9, fr;q=0.1", "fr"},
            {" \tfr ; q=0.5", "fr"},
            {"fr;q=0", "en"},
            {"fr;q=0.000,en;q=0.001", "en"},
            {"de", "en"},
            {"*", "en"},
            {"frr", "en"},
            {"f", "en"},
            {"fr;q=", "en"},
            {"fr;q=x,en", "en"},
            {"fr;level=1", "en"},
            {"en;q=0.5,fr;q=1.999", "fr"},
            {",,,fr,,", "fr"},
            {"en;q=1,fr;q=1", "en"},
    };

    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        assert_string_equal(language_accepted(languages, cases[i].accepted), cases[i].language);
}

static void test_find(void **state)
{
    assert_ptr_equal(language_find(languages, "fr"), languages[1]);
    assert_null(language_find(languages, "de"));
    assert_null(language_find(languages, "fr-CA"));
    assert_null(language_find(languages, ""));
    assert_null(language_find(languages, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_accepted),
            cmocka_unit_test(test_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
