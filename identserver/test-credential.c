/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bundles, re-assignment, renewal: one active certificate at any time, and no key kept. */

#include "test-bench.h"

#include "token.h"

static void allow_bundles(struct bench *bench)
{
    const struct batch_options options = {
            .name = "B7", .quota = -1, .open = -1, .listed = -1, .bundle = 1};

    assert_int_equal(batch_change(bench->database, &options, NOW, &bench->refusal), 0);
}

static EVP_PKEY *key_of(const struct enrolled *enrolled)
{
    EVP_PKEY *key = NULL;

    assert_non_null(enrolled->key);
    assert_int_equal(crypto_key_from_pem(enrolled->key, &key), 0);
    return key;
}

static void test_a_bundle(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, second = {};
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *lost = NULL, *key = NULL;
    struct bench *bench = *state;
    struct enrolled none;

    assert_refused(bench_enroll(bench, "1", ATTEMPT_1, NULL, NOW, &none), bench, 422,
            ENROLMENT_MODE_UNSUPPORTED);
    assert_summary(bench, 0, 0, 2);
    allow_bundles(bench);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, NULL, NOW, &first), 0);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, NULL, NOW, &second), 0);
    assert_false(second.repeated);
    assert_true(second.revoked);
    assert_string_equal(first.hostname, second.hostname);
    lost = key_of(&first);
    key = key_of(&second);
    assert_false(crypto_key_equal(lost, key));
    assert_refused(
            bench_acknowledge(bench, &first, lost, NOW), bench, 410, ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(bench_acknowledge(bench, &second, key, NOW), 0);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_1, NULL, NOW, &none), bench, 410,
            ENROLMENT_ATTEMPT_EXPIRED);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &none), bench, 409,
            ENROLMENT_SPKI_MISMATCH);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_2, NULL, NOW, &none), bench, 409,
            ENROLMENT_ALREADY_ISSUED);
    assert_summary(bench, 1, 0, 1);
}

static int reassign(struct bench *bench, const char *attempt, const char *token, EVP_PKEY *key,
        struct enrolled *ret)
{
    const struct enroll_request request = {
            .kind = ENROLL_REASSIGN,
            .serial = "1",
            .attempt = attempt,
            .token = token,
            .reason = "board changed",
    };

    return bench_ask(bench, request, key, NOW, ret);
}

static void enroll_and_acknowledge(struct bench *bench, struct enrolled *ret)
{
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, ret), 0);
    assert_int_equal(bench_acknowledge(bench, ret, bench->key, NOW), 0);
}

static void test_a_reassignment(void **state)
{
    _cleanup_(enrolled_done) struct enrolled old = {}, lost = {}, again = {}, second = {};
    _cleanup_free_ char *token = NULL;
    struct bench *bench = *state;
    struct enrolled none;

    assert_refused(reassign(bench, ATTEMPT_2, "x", bench->other, &none), bench, 403,
            ENROLMENT_REASSIGN_NOT_AUTHORISED);
    enroll_and_acknowledge(bench, &old);
    assert_refused(reassign(bench, ATTEMPT_2, NULL, bench->other, &none), bench, 403,
            ENROLMENT_REASSIGN_NOT_AUTHORISED);
    assert_refused(reassign(bench, ATTEMPT_2, "x", bench->other, &none), bench, 401,
            ENROLMENT_TOKEN_INVALID);
    assert_int_equal(token_make(bench->database, "1", "", NOW, &token, &bench->refusal), 0);

    /* The attempt after a lost one has the same token, until one is acknowledged. */
    assert_int_equal(reassign(bench, ATTEMPT_2, token, bench->other, &lost), 0);
    assert_int_equal(reassign(bench, ATTEMPT_3, token, bench->other, &second), 0);
    assert_string_equal(second.hostname, old.hostname);
    assert_string_equal(second.uuid, old.uuid);
    assert_summary(bench, 1, 1, 1);
    assert_int_equal(bench_acknowledge(bench, &second, bench->other, NOW), 0);
    assert_summary(bench, 1, 0, 1);
    assert_refused(
            bench_acknowledge(bench, &old, bench->key, NOW), bench, 410, ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(reassign(bench, ATTEMPT_3, token, bench->other, &again), 0);
    assert_true(again.repeated);
    assert_refused(reassign(bench, ATTEMPT_4, token, bench->other, &none), bench, 401,
            ENROLMENT_TOKEN_INVALID);
    assert_detail(bench, "used already");
}

/* As after a backup was put back: the device is provisioned, and the bench has never heard of it.
 */
static void test_a_reassignment_of_who_is_unknown(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    _cleanup_free_ char *token = NULL;
    struct bench *bench = *state;
    struct enrolled none;

    assert_refused(reassign(bench, ATTEMPT_1, NULL, bench->key, &none), bench, 403,
            ENROLMENT_REASSIGN_NOT_AUTHORISED);
    assert_detail(bench, "not a device of this bench's");
    assert_int_equal(token_make(bench->database, "1", "", NOW, &token, &bench->refusal), 0);
    assert_int_equal(reassign(bench, ATTEMPT_1, token, bench->key, &enrolled), 0);
    assert_string_equal(enrolled.hostname, "KXP2-CORO-001");
    assert_int_equal(bench_acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_summary(bench, 1, 0, 1);
}

static void test_a_token_is_of_one_serial_and_one_week(void **state)
{
    _cleanup_(enrolled_done) struct enrolled old = {};
    _cleanup_free_ char *other = NULL, *first = NULL, *second = NULL;
    char sha256[CRYPTO_SHA256_HEX_SIZE];
    struct bench *bench = *state;
    struct enrolled none;

    enroll_and_acknowledge(bench, &old);
    assert_int_equal(token_make(bench->database, "2", "", NOW, &other, &bench->refusal), 0);
    assert_refused(reassign(bench, ATTEMPT_2, other, bench->other, &none), bench, 401,
            ENROLMENT_TOKEN_INVALID);
    assert_int_equal(token_make(bench->database, "1", "", NOW - 1, &first, &bench->refusal), 0);
    assert_int_equal(token_make(bench->database, "1", "", NOW - 1, &second, &bench->refusal), 0);
    assert_int_equal(token_check(bench->database, first, "1", NOW, sha256, &bench->refusal), 1);
    assert_int_equal(token_check(bench->database, second, "1", NOW, sha256, &bench->refusal), 0);
    assert_int_equal(
            token_check(bench->database, second, "1", NOW + TOKEN_SEC, sha256, &bench->refusal), 1);
}

static void test_a_token_lets_in_who_is_on_no_list(void **state)
{
    const struct batch_options listed = {
            .name = "B7", .quota = -1, .open = -1, .listed = 1, .bundle = -1};
    struct enroll_request request = {.serial = "1", .attempt = ATTEMPT_1};
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    _cleanup_free_ char *token = NULL;
    struct bench *bench = *state;

    assert_int_equal(batch_change(bench->database, &listed, NOW, &bench->refusal), 0);
    assert_refused(bench_ask(bench, request, bench->key, NOW, &enrolled), bench, 403,
            ENROLMENT_SERIAL_NOT_ALLOWED);
    request.token = "wrong";
    assert_refused(bench_ask(bench, request, bench->key, NOW, &enrolled), bench, 401,
            ENROLMENT_TOKEN_INVALID);
    assert_int_equal(token_make(bench->database, "1", "", NOW, &token, &bench->refusal), 0);
    request.token = token;
    assert_int_equal(bench_ask(bench, request, bench->key, NOW, &enrolled), 0);
    assert_int_equal(bench_acknowledge(bench, &enrolled, bench->key, NOW), 0);
}

static int renew(struct bench *bench, const struct enrolled *with, const char *attempt,
        EVP_PKEY *key, struct enrolled *ret)
{
    struct enroll_request request = {.kind = ENROLL_RENEW, .serial = "1", .attempt = attempt};
    _cleanup_(X509_free_p) X509 *certificate = NULL;

    assert_int_equal(crypto_certificate_from_pem(with->certificate, &certificate), 0);
    assert_int_equal(crypto_certificate_sha256(certificate, request.peer_sha256), 0);
    return bench_ask(bench, request, key, NOW, ret);
}

static void test_a_renewal(void **state)
{
    _cleanup_(enrolled_done) struct enrolled old = {}, second = {}, again = {};
    struct bench *bench = *state;
    struct enrolled none;

    enroll_and_acknowledge(bench, &old);
    assert_int_equal(renew(bench, &old, ATTEMPT_2, bench->other, &second), 0);
    assert_int_equal(renew(bench, &old, ATTEMPT_2, bench->other, &again), 0);
    assert_true(again.repeated);
    assert_refused(renew(bench, &second, ATTEMPT_3, bench->other, &none), bench, 403,
            ENROLMENT_REASSIGN_NOT_AUTHORISED);
    assert_summary(bench, 1, 1, 1);
    assert_int_equal(bench_acknowledge(bench, &second, bench->other, NOW), 0);
    assert_refused(renew(bench, &old, ATTEMPT_3, bench->other, &none), bench, 403,
            ENROLMENT_REASSIGN_NOT_AUTHORISED);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_2, bench->other, NOW, &none), bench, 400,
            ENROLMENT_BAD_REQUEST);
    assert_summary(bench, 1, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_bundle),
            TEST(test_a_reassignment),
            TEST(test_a_reassignment_of_who_is_unknown),
            TEST(test_a_token_is_of_one_serial_and_one_week),
            TEST(test_a_token_lets_in_who_is_on_no_list),
            TEST(test_a_renewal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
