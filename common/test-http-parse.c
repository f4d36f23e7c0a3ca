/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is read of headers beyond libmicrohttpd's own reading. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http-internal.h"

static void test_lists_of_tags(void **state)
{
    assert_true(http_lists_etag("\"a\"", "\"a\""));
    assert_true(http_lists_etag("\"b\", W/\"a\"", "\"a\""));
    assert_true(http_lists_etag("*", "\"a\""));
    assert_false(http_lists_etag("\"ab\"", "\"a\""));
    assert_false(http_lists_etag("\"a\"b", "\"a\""));
    assert_false(http_lists_etag("", "\"a\""));
    assert_false(http_lists_etag(NULL, "\"a\""));
}

static void test_types(void **state)
{
    assert_true(http_type_is("application/json", "application/json"));
    assert_true(http_type_is("Application/JSON ; charset=utf-8", "application/json"));
    assert_false(http_type_is("application/jsonp", "application/json"));
    assert_false(http_type_is("text/plain", "application/json"));
    assert_false(http_type_is(NULL, "application/json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_lists_of_tags),
            cmocka_unit_test(test_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
