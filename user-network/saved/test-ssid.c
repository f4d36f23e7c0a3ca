/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Names and passwords: what is taken, what is refused, and what people are shown. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "ssid.h"

static const char *display(const void *bytes, size_t size)
{
    static char buffer[SSID_DISPLAY_MAX];
    struct ssid ssid;

    assert_int_equal(ssid_from_bytes(bytes, size, &ssid), 0);
    return ssid_display(&ssid, buffer);
}

static void test_sizes(void **state)
{
    struct ssid ssid;

    assert_int_equal(ssid_from_bytes("", 0, &ssid), -EINVAL);
    assert_int_equal(ssid_from_bytes("0123456789012345678901234567890", 31, &ssid), 0);
    assert_int_equal(ssid_from_bytes("01234567890123456789012345678901", 32, &ssid), 0);
    assert_int_equal(ssid_from_bytes("012345678901234567890123456789012", 33, &ssid), -EINVAL);
}

static void test_hex(void **state)
{
    char hex[SSID_HEX_MAX];
    struct ssid ssid;

    assert_int_equal(ssid_from_hex("00fFa9", &ssid), 0);
    assert_int_equal(ssid.size, 3);
    assert_memory_equal(ssid.bytes, "\x00\xff\xa9", 3);
    ssid_to_hex(&ssid, hex);
    assert_string_equal(hex, "00ffa9");
    assert_int_equal(ssid_from_hex("", &ssid), -EINVAL);
    assert_int_equal(ssid_from_hex("abc", &ssid), -EINVAL);
    assert_int_equal(ssid_from_hex("zz", &ssid), -EINVAL);
    assert_int_equal(
            ssid_from_hex(
                    "000000000000000000000000000000000000000000000000000000000000000000", &ssid),
            -EINVAL);
}

static void test_display(void **state)
{
    assert_string_equal(
            display("Caf\xc3\xa9 \xf0\x9f\x9a\x80", 10), "Caf\xc3\xa9 \xf0\x9f\x9a\x80");
    assert_string_equal(display("Caf\xe9", 4), "Caf\\xe9");
    assert_string_equal(display("a\0b", 3), "a\\x00b");
    /* A line break would begin a new line of the status. */
    assert_string_equal(display("x\nREADY=1", 9), "x\\x0aREADY=1");
    /* Right to left is a script like any other; to turn the rest of the line around is none. */
    assert_string_equal(display("\xd7\xa9\xd7\x9c 1", 6), "\xd7\xa9\xd7\x9c 1");
    assert_string_equal(display("\xe2\x80\xae"
                                "evil",
                                7),
            "\\xe2\\x80\\xaeevil");
    /* So does a terminal's CSI in its form of one character. */
    assert_string_equal(display("\xc2\x9b"
                                "2J",
                                4),
            "\\xc2\\x9b2J");
}

static void assert_psk(const char *psk, bool fine)
{
    assert_int_equal(psk_check(psk, strlen(psk)) == NULL, fine);
}

static void test_passwords(void **state)
{
    assert_psk("1234567", false);
    assert_psk("12345678", true);
    assert_psk("        ", true);
    assert_psk("\"\\$(reboot)#: '", true);
    assert_psk("012345678901234567890123456789012345678901234567890123456789012", true);
    assert_psk("0123456789abcdefABCDEF01234567890123456789012345678901234567890f", true);
    assert_psk("0123456789abcdefABCDEF01234567890123456789012345678901234567890g", false);
    assert_psk("01234567890123456789012345678901234567890123456789012345678901234", false);
    assert_psk("passw\xf6rter", false);
    assert_psk("password\n", false);
    assert_non_null(psk_check("pass\0word", 9));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_sizes),
            cmocka_unit_test(test_hex),
            cmocka_unit_test(test_display),
            cmocka_unit_test(test_passwords),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
