/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one configuration becomes on each device, and what a phone's camera reads of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "hotspot-password.h"
#include "hotspot-settings.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

#define SERIAL "10000000ABC7f3a9"
#define UUID "0b1e2c3d-4f50-4a61-8b72-9c83ad94be05"

static struct hotspot_settings settings;
static const char *complaint;

static void make_of(const char *yaml, const char *uuid, const char *serial, const char *hostname)
{
    const struct hotspot_device device = {.serial = serial, .uuid = uuid, .hostname = hostname};
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    if (unbox_config_parse("test", yaml, strlen(yaml), &config, &error) < 0)
        fail_msg("%s", error.text);
    hotspot_settings_make(config, &device, &settings, &complaint);
}

static void make(const char *yaml, const char *hostname)
{
    make_of(yaml, UUID, SERIAL, hostname);
}

static void assert_made(const char *ssid, const char *password)
{
    assert_string_equal(settings.ssid, ssid);
    assert_string_equal(settings.password, password);
}

static void test_defaults(void **state)
{
    make("", "box");
    assert_made("INCUVERS_AP", "incuvers1234");
    assert_null(complaint);
}

static void test_specifiers(void **state)
{
    make("hotspot: {ssid: '%H 100%% %s', password: 'my-box-%s'}", "kxp-7");
    assert_made("kxp-7 100% C7f3a9", "my-box-C7f3a9");
    assert_null(complaint);
}

static void test_unknown_specifier_is_refused(void **state)
{
    static const char *const wrong[] = {"%", "a%", "%d", "%%%", "%h"};

    for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
        _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
        struct unbox_config_error error = {};
        char yaml[64];

        snprintf(yaml, sizeof(yaml), "hotspot:\n  ssid: '%s'\n", wrong[i]);
        assert_int_equal(
                unbox_config_parse("c.yaml", yaml, strlen(yaml), &config, &error), -EINVAL);
        assert_non_null(strstr(error.text, "c.yaml:2: hotspot.ssid: "));
    }
}

/* 32 bytes, and no half character at their end. */
static void test_long_name_is_cut(void **state)
{
    make("hotspot: {ssid: 'a%H'}", "0123456789012345678901234567890123456789");
    assert_made("a0123456789012345678901234567890", "incuvers1234");
    assert_non_null(complaint);
    make("hotspot: {ssid: '%Hé'}", "0123456789012345678901234567890");
    assert_made("0123456789012345678901234567890", "incuvers1234");
    assert_non_null(complaint);
    make("hotspot: {ssid: '%Hé'}", "012345678901234567890123456789");
    assert_made("012345678901234567890123456789é", "incuvers1234");
    assert_null(complaint);
}

/* A name that is nothing, or a password that WPA2 can't have, would be no hotspot at all. */
static void test_nothing_left(void **state)
{
    make_of("hotspot: {ssid: '%s', password: '%s%s%s%s'}", "", "", "");
    assert_made("%s", "%s%s%s%s");
    assert_non_null(complaint);
    make("hotspot: {password: '%H%H%H%H%H%H%H%H'}", "0123456789");
    assert_made("INCUVERS_AP", "%H%H%H%H%H%H%H%H");
    assert_non_null(complaint);
}

/* Known answers: what stands on the labels of devices that were sold must never change. */
static void test_password_of_the_device(void **state)
{
    make("hotspot: {password_per_device: true}", "box");
    assert_made("INCUVERS_AP", "u2ek-emcn-yksi");
    assert_null(complaint);
    make("hotspot: {password_per_device: true, password_secret: our secret}", "box");
    assert_made("INCUVERS_AP", "y3pv-mrcn-rp86");
}

static void test_password_without_identity(void **state)
{
    make_of("hotspot: {password_per_device: true}", "", "1", "box");
    assert_made("INCUVERS_AP", "incuvers1234");
    assert_non_null(complaint);
}

static void test_serials_make_different_passwords(void **state)
{
    char one[HOTSPOT_PASSWORD_SIZE], other[HOTSPOT_PASSWORD_SIZE], longest[300] = "";

    assert_int_equal(hotspot_password_derive(UUID, "1", "", one), 0);
    assert_int_equal(hotspot_password_derive(UUID, "2", "", other), 0);
    assert_string_not_equal(one, other);
    memset(longest, '1', sizeof(longest) - 1);
    assert_int_equal(hotspot_password_derive(UUID, longest, "", one), -EINVAL);
}

static void test_qr(void **state)
{
    const struct hotspot_settings odd = {.ssid = "a;b,c:d\"e\\f é", .password = "\\\\;;12345"};
    _cleanup_free_ char *plain = NULL, *escaped = NULL;

    make("", "box");
    assert_int_equal(hotspot_qr(&settings, &plain), 0);
    assert_string_equal(plain, "WIFI:T:WPA;S:INCUVERS_AP;P:incuvers1234;;");
    assert_int_equal(hotspot_qr(&odd, &escaped), 0);
    assert_string_equal(escaped, "WIFI:T:WPA;S:a\\;b\\,c\\:d\\\"e\\\\f é;P:\\\\\\\\\\;\\;12345;;");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_defaults),
            cmocka_unit_test(test_specifiers),
            cmocka_unit_test(test_unknown_specifier_is_refused),
            cmocka_unit_test(test_long_name_is_cut),
            cmocka_unit_test(test_nothing_left),
            cmocka_unit_test(test_password_of_the_device),
            cmocka_unit_test(test_password_without_identity),
            cmocka_unit_test(test_serials_make_different_passwords),
            cmocka_unit_test(test_qr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
