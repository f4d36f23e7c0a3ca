/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What daemons write into the journal is anything; what is answered is JSON. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"
#include "timestamp.h"
#include "util.h"

static void check(const char *text, size_t size, size_t max, const char *expected)
{
    _cleanup_json_ json_t *string = text_to_json(text, size, max);

    assert_non_null(string);
    assert_string_equal(json_string_value(string), expected);
    assert_int_equal(json_string_length(string), strlen(expected));
}

static void test_text(void **state)
{
    check("", 0, 10, "");
    check("Grüße", 7, 10, "Grüße");
    check("a\nb\x1b[1m", 7, 10, "a\nb\x1b[1m");
    check("a\xff"
          "b",
            3, 10, "a\\xffb");
    check("ü\xff", 3, 10, "\\xc3\\xbc\\xff");
    check("a\0b", 3, 10, "a\\x00b");
}

static void test_cut(void **state)
{
    check("abcdef", 6, 6, "abcdef");
    check("abcdefg", 7, 6, "abcdef…");
    /* Not inside a character. */
    check("aü€", 6, 5, "aü…");
    check("aü€", 6, 2, "a…");
    check("a\xff\xff\xff", 4, 3, "a\\xff\\xff…");
    /* Nothing but continuations. */
    check("\x80\x80\x80", 3, 2, "…");
}

static void test_clean(void **state)
{
    _cleanup_free_ char *whole = text_clean("Gr\xc3\xbc\xc3\x9f"
                                            "e",
            10);
    _cleanup_free_ char *cut = text_clean("Gr\xc3\xbc\xc3\x9f"
                                          "e",
                                3),
                        *odd = text_clean("a\xff", 9);

    assert_string_equal(whole, "Gr\xc3\xbc\xc3\x9f"
                               "e");
    assert_string_equal(cut, "Gr…");
    assert_string_equal(odd, "a\\xff");
}

static void test_timestamps(void **state)
{
    char text[TIMESTAMP_SIZE];
    uint64_t usec;

    assert_int_equal(timestamp_parse("2026-01-31T23:59:59Z", &usec), 0);
    timestamp_format(usec, text);
    assert_string_equal(text, "2026-01-31T23:59:59Z");
    assert_int_equal(timestamp_parse("2026-01-31T23:59:59", &usec), -EINVAL);
    assert_int_equal(timestamp_parse("2026-01-31T23:59:59Z ", &usec), -EINVAL);
    assert_int_equal(timestamp_parse("1931-01-31T23:59:59Z", &usec), -EINVAL);
    assert_int_equal(timestamp_parse("yesterday", &usec), -EINVAL);
    assert_int_equal(timestamp_parse("", &usec), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_text),
            cmocka_unit_test(test_cut),
            cmocka_unit_test(test_clean),
            cmocka_unit_test(test_timestamps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
