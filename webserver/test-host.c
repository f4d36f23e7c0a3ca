/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* By which name the device is found, and from where. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "host.h"
#include "login/place.h"

static void test_names(void **state)
{
    static const char *const own[] = {"unbox-7f3a", "UNBOX-7F3A", "unbox-7f3a:5000", "unbox-7f3a.",
            "unbox-7f3a.local", "Unbox-7f3a.LOCAL:80", "localhost", "localhost:1", "10.42.0.1",
            "192.168.1.5:5000", "[::1]", "[fe80::1]:5000"};
    static const char *const foreign[] = {"", ":5000", ".", "[", "[]", "[::1", "[10.42.0.1]",
            "[localhost]", "::1", "unbox", "unbox-7f3", "unbox-7f3aa", "unbox-7f3a.lan",
            "unbox-7f3a.local.evil.example", "evil.example", "unbox-7f3a.evil.example",
            "unbox-7f3a@evil.example", "10.42.0.1.evil.example", "10.42.1", "0x0a2a0001",
            "012.42.0.1", "user@unbox-7f3a", "unbox-7f3a/", " unbox-7f3a", "localhost.evil.example",
            "unbox-7f3a..", "unbox-7f3a:evil.example", "unbox-7f3a:80:80", "[::1]80",
            "[::1].example"};
    const struct own_name name = {.name = "unbox-7f3a"};
    char text[400];

    for (size_t i = 0; i < ELEMENTSOF(own); i++)
        assert_true(own_name_is(&name, own[i]));
    for (size_t i = 0; i < ELEMENTSOF(foreign); i++) {
        if (own_name_is(&name, foreign[i]))
            fail_msg("%s", foreign[i]);
    }
    assert_false(own_name_is(&name, NULL));
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(own_name_is(&name, text));
}

static void test_name_that_another_device_has_taken(void **state)
{
    const struct own_name name = {.name = "unbox-7f3a", .announced = "unbox-7f3a-2.local"};

    assert_true(own_name_is(&name, "unbox-7f3a-2.local:5000"));
    assert_true(own_name_is(&name, "unbox-7f3a:5000"));
    assert_false(own_name_is(&name, "unbox-7f3a-2"));
    assert_false(own_name_is(&name, "unbox-7f3a-3.local"));
}

static void test_names_while_its_own_is_unknown(void **state)
{
    const struct own_name unknown = {};

    assert_true(own_name_is(&unknown, "unbox-7f3a"));
    assert_true(own_name_is(&unknown, "unbox-7f3a.local:5000"));
    assert_true(own_name_is(&unknown, "10.42.0.1:5000"));
    assert_false(own_name_is(&unknown, "evil.example"));
    assert_false(own_name_is(&unknown, "evil.local.example"));
    assert_false(own_name_is(&unknown, "a.b.local"));
    assert_false(own_name_is(&unknown, ""));
}

static void test_places(void **state)
{
    _cleanup_json_ json_t *status = json_pack("{s:{s:s} s:{s:s} s:{s:s}}", "hotspot", "address",
            "10.42.0.1", "wired", "address", "10.99.0.5/24", "wifi", "address", "192.168.1.5/24");
    _cleanup_json_ json_t *nobody = json_pack("{s:n s:{s:n}}", "hotspot", "wired", "address");

    assert_string_equal(place_of("127.0.0.1", status), "loopback");
    assert_string_equal(place_of("127.1.2.3", NULL), "loopback");
    assert_string_equal(place_of("::1", NULL), "loopback");
    assert_string_equal(place_of("10.42.0.1", status), "hotspot");
    assert_string_equal(place_of("10.99.0.5", status), "wire");
    assert_null(place_of("192.168.1.5", status));
    assert_null(place_of("10.99.0.50", status));
    assert_null(place_of("10.99.0.", status));
    assert_null(place_of("", status));
    assert_null(place_of("fe80::1%2", status));
    assert_null(place_of("10.42.0.1", NULL));
    assert_null(place_of("10.42.0.1", nobody));
    assert_null(place_of("", nobody));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_names),
            cmocka_unit_test(test_name_that_another_device_has_taken),
            cmocka_unit_test(test_names_while_its_own_is_unknown),
            cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
