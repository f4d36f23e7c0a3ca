/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each reason means for the customer, and that every verdict survives a restart. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "unbox/store.h"
#include "verdict.h"

static const struct scan_entry near = {.signal = 80, .frequency = 2412, .security = SECURITY_WPA2};
static const struct scan_entry far = {.signal = 10, .frequency = 2412, .security = SECURITY_WPA3};
static const struct scan_entry sae = {.signal = 80, .frequency = 5180, .security = SECURITY_WPA3};
static const struct scan_entry mixed = {
        .signal = 60, .frequency = 2437, .security = SECURITY_WPA2_WPA3};
static const struct scan_entry high = {.signal = 80, .frequency = 5500, .security = SECURITY_WPA2};

static const struct {
    unsigned reason;
    struct verdict_facts facts;
    enum verdict_code code;
} cases[] = {
        {7, {.seen = &near}, VERDICT_PASSWORD_WRONG},
        {7, {.seen = &far}, VERDICT_PASSWORD_WRONG},
        {7, {.enterprise = true}, VERDICT_LOGIN_WRONG},
        {8, {.seen = &near, .enterprise = true}, VERDICT_LOGIN_WRONG},
        {10, {.seen = &near, .enterprise = true}, VERDICT_LOGIN_WRONG},
        {11, {.seen = &near, .enterprise = true}, VERDICT_LOGIN_WRONG},
        {11, {.seen = &far, .enterprise = true}, VERDICT_TOO_WEAK},
        {8, {.enterprise = true}, VERDICT_NOT_FOUND},
        {8, {.seen = &near}, VERDICT_NO_ANSWER},
        {53, {}, VERDICT_NOT_FOUND},
        {53, {.country_known = true}, VERDICT_NOT_FOUND},
        {53, {.seen = &near}, VERDICT_NO_ANSWER},
        {53, {.seen = &sae}, VERDICT_PASSWORD_WRONG},
        {53, {.seen = &mixed}, VERDICT_PASSWORD_WRONG},
        {53, {.seen = &far}, VERDICT_TOO_WEAK},
        {11, {.seen = &far}, VERDICT_TOO_WEAK},
        {11, {.seen = &high}, VERDICT_COUNTRY_MISSING},
        {11, {.seen = &high, .country_known = true}, VERDICT_NO_ANSWER},
        {11, {}, VERDICT_NOT_FOUND},
        {5, {.seen = &near}, VERDICT_NO_ADDRESS},
        {15, {.seen = &near}, VERDICT_NO_ADDRESS},
        {16, {.seen = &near}, VERDICT_NO_ADDRESS},
        {17, {.seen = &near}, VERDICT_NO_ADDRESS},
        {39, {.seen = &near}, VERDICT_FAILED},
};

static void test_reasons(void **state)
{
    for (size_t i = 0; i < ELEMENTSOF(cases); i++)
        if (verdict_from_reason(cases[i].reason, &cases[i].facts) != cases[i].code)
            fail_msg("reason %u in line %zu: %s", cases[i].reason, i,
                    verdict_code_name(verdict_from_reason(cases[i].reason, &cases[i].facts)));
}

/* Each has a name of its own and words that say what to do, and comes back from the disk. */
static void test_all_are_kept(void **state)
{
    static const struct ssid name = {"a \"%s\" b", 8};
    char path[] = "/tmp/verdict-XXXXXX";
    struct verdict verdict = {}, back;

    close(mkstemp(path));
    for (enum verdict_code code = VERDICT_JOINED; code <= VERDICT_FAILED; code++) {
        assert_int_equal(verdict_set(&verdict, code, &name, 1000 * USEC_PER_SEC, NULL), 0);
        assert_non_null(strstr(verdict.message, "a \"%s\" b"));
        assert_int_equal(verdict_save(path, &verdict), 0);
        verdict_load(path, &back);
        assert_int_equal(back.code, code);
        assert_true(ssid_equal(&back.ssid, &name));
        assert_int_equal(back.time_usec, 1000 * USEC_PER_SEC);
        assert_string_equal(back.message, verdict.message);
        verdict_clear(&back);
    }
    verdict_clear(&verdict);
    assert_int_equal(unbox_store_remove(path), 1);
    verdict_load(path, &back);
    assert_int_equal(back.code, VERDICT_NONE);
}

static void test_odd_name(void **state)
{
    char path[] = "/tmp/verdict-XXXXXX";
    static const struct ssid home = {"caf\xe9\n\"", 6};
    struct verdict verdict = {}, back;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    close(fd);
    verdict_load(path, &back);
    assert_int_equal(back.code, VERDICT_NONE);
    assert_int_equal(
            verdict_set(&verdict, VERDICT_PASSWORD_WRONG, &home, 1234567890 * USEC_PER_SEC, NULL),
            0);
    assert_int_equal(verdict_save(path, &verdict), 0);
    verdict_load(path, &back);
    assert_int_equal(back.code, VERDICT_PASSWORD_WRONG);
    assert_true(ssid_equal(&back.ssid, &home));
    assert_int_equal(back.time_usec, verdict.time_usec);
    assert_string_equal(back.message,
            "The password for caf\\xe9\\x0a\" is probably wrong. Check it and try again.");
    verdict_clear(&verdict);
    verdict_clear(&back);
    unlink(path);
}

static void test_detail(void **state)
{
    static const struct ssid name = {"a", 1};
    struct verdict verdict = {};

    assert_int_equal(verdict_set(&verdict, VERDICT_FAILED, &name, 0, "why"), 0);
    assert_string_equal(verdict.message, "Joining a failed. Please try again. (why)");
    verdict_clear(&verdict);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_reasons),
            cmocka_unit_test(test_all_are_kept),
            cmocka_unit_test(test_odd_name),
            cmocka_unit_test(test_detail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
