/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a device may ask, and how it is told what is wrong with the rest. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "request.h"

#define ATTEMPT "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a51"

/* A request as it should be; each test changes one member. */
static json_t *sound(const char *csr_name, const char *csr_nonce)
{
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    _cleanup_free_ char *csr = NULL;
    json_t *body;

    assert_int_equal(crypto_key_new(&key), 0);
    assert_int_equal(crypto_request_new(key, csr_name, csr_nonce, &csr), 0);
    body = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}}", "v", 1, "serial",
            "78", "product", "p", "hw_rev", "", "batch", "", "attempt", ATTEMPT, "nonce", "n",
            "mode", "csr", "csr", csr, "macs", "eth0", "02:00:00:00:00:01");
    assert_non_null(body);
    return body;
}

static void assert_refused(json_t *body, unsigned status, const char *code)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {};
    struct refusal refusal = {};

    assert_int_equal(enroll_request_parse(body, ENROLL_FIRST, &request, &refusal), 1);
    assert_int_equal(refusal.status, status);
    assert_string_equal(refusal.code, code);
    json_decref(body);
}

static json_t *with(const char *name, json_t *value)
{
    json_t *body = sound("78", "n");

    if (value)
        assert_int_equal(json_object_set_new(body, name, value), 0);
    else
        assert_int_equal(json_object_del(body, name), 0);
    return body;
}

static void test_a_sound_request(void **state)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {};
    _cleanup_json_ json_t *body = sound("78", "n");
    struct refusal refusal = {};

    assert_int_equal(enroll_request_parse(body, ENROLL_FIRST, &request, &refusal), 0);
    assert_string_equal(request.serial, "78");
    assert_string_equal(request.macs, "{\"eth0\":\"02:00:00:00:00:01\"}");
    assert_int_equal(strlen(request.spki_sha256), 64);
}

static void test_members(void **state)
{
    static const char *const needed[] = {
            "v", "serial", "product", "hw_rev", "batch", "attempt", "nonce", "mode", "csr", "macs"};
    char long_word[80];

    memset(long_word, 'x', sizeof(long_word) - 1);
    long_word[sizeof(long_word) - 1] = '\0';
    for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
        assert_refused(with(needed[i], NULL), 400, ENROLMENT_BAD_REQUEST);
        assert_refused(with(needed[i], json_true()), 400, ENROLMENT_BAD_REQUEST);
    }
    assert_refused(with("v", json_integer(2)), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("v", json_integer((1LL << 32) + 1)), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("serial", json_string("../78")), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("attempt", json_string("1")), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("product", json_string(long_word)), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("product", json_string("two\nlines")), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("token", json_string(long_word)), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("mode", json_string("bundle")), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("mode", json_string("pkcs12")), 422, ENROLMENT_MODE_UNSUPPORTED);
}

static void test_macs(void **state)
{
    json_t *many = json_object();

    assert_refused(with("macs", json_pack("{s:i}", "eth0", 7)), 400, ENROLMENT_BAD_REQUEST);
    assert_refused(with("macs", json_pack("{s:s}", "eth0", "<b>")), 400, ENROLMENT_BAD_REQUEST);
    for (char name[] = "a"; name[0] <= 'i'; name[0]++)
        assert_int_equal(json_object_set_new(many, name, json_string("00")), 0);
    assert_refused(with("macs", many), 400, ENROLMENT_BAD_REQUEST);
}

static void test_csr(void **state)
{
    assert_refused(with("csr", json_string("no PEM")), 422, ENROLMENT_BAD_CSR);
    assert_refused(sound("79", "n"), 422, ENROLMENT_BAD_CSR);
    assert_refused(sound("78", "m"), 422, ENROLMENT_BAD_CSR);
}

static int parse(json_t *body, enum enroll_kind kind, struct enroll_request *ret)
{
    struct refusal refusal = {};

    return enroll_request_parse(body, kind, ret, &refusal);
}

static void test_a_bundle(void **state)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {};
    _cleanup_json_ json_t *body = with("mode", json_string("bundle"));

    json_object_del(body, "csr");
    assert_int_equal(parse(body, ENROLL_FIRST, &request), 0);
    assert_true(request.bundle);
    assert_null(request.csr.key);
}

static void test_a_reassignment_says_why(void **state)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {};
    _cleanup_json_ json_t *body = with("token", json_string("t"));

    assert_int_equal(parse(body, ENROLL_REASSIGN, &request), 1);
    json_object_set_new(body, "reason", json_string("board changed"));
    assert_int_equal(parse(body, ENROLL_REASSIGN, &request), 0);
    assert_string_equal(request.token, "t");
    assert_string_equal(request.reason, "board changed");
}

static void test_a_renewal_needs_little(void **state)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {};
    _cleanup_json_ json_t *body = sound("78", "n");
    static const char *const unneeded[] = {"product", "hw_rev", "batch", "mode", "macs"};

    for (size_t i = 0; i < ELEMENTSOF(unneeded); i++)
        json_object_del(body, unneeded[i]);
    assert_int_equal(parse(body, ENROLL_RENEW, &request), 0);
    assert_string_equal(request.serial, "78");
    assert_false(request.bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_a_sound_request),
            cmocka_unit_test(test_members),
            cmocka_unit_test(test_macs),
            cmocka_unit_test(test_csr),
            cmocka_unit_test(test_a_bundle),
            cmocka_unit_test(test_a_reassignment_says_why),
            cmocka_unit_test(test_a_renewal_needs_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
