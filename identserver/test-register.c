/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The register's promises, with a clock of the test's: one identity a serial, one serial a
 * hostname. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "init.h"
#include "register.h"
#include "unbox/store.h"

#define NOW ((time_t)1800000000)
#define ATTEMPT_1 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a51"
#define ATTEMPT_2 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a52"

struct bench {
    char *folder;
    struct database *database;
    struct authority *authority;
    EVP_PKEY *key;   /* of a device */
    EVP_PKEY *other; /* of another */
    struct refusal refusal;
};

static int enter_folder(void **state)
{
    const struct init_options options = {.directory = ".",
            .address = "7.7.7.7",
            .batch = "B7",
            .quota = 2,
            .hostname_prefix = "KXP2-CORO"};
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    bench->folder = strdup("/tmp/unbox-test-register-XXXXXX");
    if (!mkdtemp(bench->folder) || chdir(bench->folder) < 0)
        return -1;
    assert_int_equal(init_bench(&options), 0);
    assert_int_equal(init_bench(&options), -EEXIST);
    assert_int_equal(database_open("bench.db", &bench->database), 0);
    assert_int_equal(authority_load(".", &bench->authority), 0);
    assert_int_equal(crypto_key_new(&bench->key), 0);
    assert_int_equal(crypto_key_new(&bench->other), 0);
    return 0;
}

static int leave_folder(void **state)
{
    struct bench *bench = *state;
    int r;

    database_free(bench->database);
    authority_free(bench->authority);
    EVP_PKEY_free(bench->key);
    EVP_PKEY_free(bench->other);
    r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(bench->folder);
    free(bench->folder);
    free(bench);
    return r < 0 ? -1 : 0;
}

/* What a device does until it has its answer. */
static int enroll(struct bench *bench, const char *serial, const char *attempt, EVP_PKEY *key,
        time_t now, struct enrolled *ret)
{
    struct enroll_request request = {.serial = serial,
            .product = "p",
            .hw_rev = "1",
            .batch = "",
            .attempt = attempt,
            .macs = "{}",
            .csr = {.key = key}};
    _cleanup_free_ char *nonce = NULL;

    assert_int_equal(register_challenge(bench->database, serial, now, &nonce), 0);
    request.nonce = nonce;
    assert_int_equal(crypto_key_sha256(key, request.spki_sha256), 0);
    return register_enroll(bench->database, bench->authority, &request, now, ret, &bench->refusal);
}

static int acknowledge(
        struct bench *bench, const struct enrolled *enrolled, EVP_PKEY *key, time_t now)
{
    _cleanup_free_ char *proof = NULL, *serial = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    char sha256[CRYPTO_SHA256_HEX_SIZE], message[ENROLMENT_PROOF_SIZE];
    struct ack_request request = {.cert_sha256 = sha256};
    int size;

    assert_int_equal(crypto_certificate_from_pem(enrolled->certificate, &certificate), 0);
    assert_int_equal(crypto_certificate_sha256(certificate, sha256), 0);
    size = enrolment_proof(enrolled->id, sha256, message);
    assert_int_equal(crypto_sign(key, message, size, &proof), 0);
    request.proof = proof;
    return register_acknowledge(
            bench->database, enrolled->id, &request, now, &serial, &bench->refusal);
}

static void assert_summary(struct bench *bench, int active, int pending, int places)
{
    struct register_summary summary;

    assert_int_equal(register_summary(bench->database, &summary), 0);
    assert_int_equal(summary.active, active);
    assert_int_equal(summary.pending, pending);
    assert_int_equal(summary.places, places);
}

static void test_from_challenge_to_active(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;

    assert_summary(bench, 0, 0, 2);
    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_string_equal(enrolled.hostname, "KXP2-CORO-001");
    assert_false(enrolled.repeated);
    assert_summary(bench, 0, 1, 1);
    assert_int_equal(acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_summary(bench, 1, 0, 1);
    assert_int_equal(acknowledge(bench, &enrolled, bench->key, NOW + REGISTER_ACK_SEC + 1), 0);
}

static void test_the_same_attempt_has_the_same_answer(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, again = {}, after = {};
    struct bench *bench = *state;

    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW + 60, &again), 0);
    assert_true(again.repeated);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.certificate, first.certificate);
    assert_string_equal(again.hostname, first.hostname);
    assert_int_equal(acknowledge(bench, &again, bench->key, NOW), 0);
    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW + 9999, &after), 0);
    assert_string_equal(after.id, first.id);
    assert_summary(bench, 1, 0, 1);
}

static void assert_refused(int r, const struct bench *bench, unsigned status, const char *code)
{
    assert_int_equal(r, 1);
    assert_int_equal(bench->refusal.status, status);
    assert_string_equal(bench->refusal.code, code);
}

static void test_refusals(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;
    struct enrolled none;

    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_refused(enroll(bench, "1", ATTEMPT_1, bench->other, NOW, &none), bench, 409,
            ENROLMENT_SPKI_MISMATCH);
    assert_refused(enroll(bench, "2", ATTEMPT_1, bench->key, NOW, &none), bench, 400,
            ENROLMENT_BAD_REQUEST);
    assert_refused(
            acknowledge(bench, &enrolled, bench->other, NOW), bench, 422, ENROLMENT_BAD_PROOF);
    assert_summary(bench, 0, 1, 1);
    assert_int_equal(acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_refused(enroll(bench, "1", ATTEMPT_2, bench->key, NOW, &none), bench, 409,
            ENROLMENT_ALREADY_ISSUED);
}

static void test_an_attempt_expires(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, second = {};
    time_t late = NOW + REGISTER_ACK_SEC + 1;
    struct bench *bench = *state;
    struct enrolled none;

    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_refused(
            acknowledge(bench, &first, bench->key, late), bench, 410, ENROLMENT_ATTEMPT_EXPIRED);
    assert_refused(enroll(bench, "1", ATTEMPT_1, bench->key, late, &none), bench, 410,
            ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(enroll(bench, "1", ATTEMPT_2, bench->other, late, &second), 0);
    assert_string_equal(second.hostname, first.hostname);
    assert_string_equal(second.uuid, first.uuid);
    assert_refused(
            acknowledge(bench, &first, bench->key, NOW), bench, 410, ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(acknowledge(bench, &second, bench->other, late), 0);
    assert_summary(bench, 1, 0, 1);
}

static void test_a_nonce_is_used_once_and_expires(void **state)
{
    struct bench *bench = *state;
    struct enroll_request request = {.serial = "1",
            .product = "p",
            .hw_rev = "1",
            .batch = "",
            .attempt = ATTEMPT_1,
            .macs = "{}",
            .spki_sha256 = "0",
            .csr = {.key = bench->key}};
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    _cleanup_free_ char *nonce = NULL;
    struct enrolled none;

    assert_int_equal(register_challenge(bench->database, "1", NOW, &nonce), 0);
    request.nonce = nonce;
    assert_refused(register_enroll(bench->database, bench->authority, &request, NOW + 3600, &none,
                           &bench->refusal),
            bench, 422, ENROLMENT_NONCE_EXPIRED);
    assert_int_equal(register_enroll(bench->database, bench->authority, &request, NOW, &enrolled,
                             &bench->refusal),
            0);
    assert_refused(register_enroll(bench->database, bench->authority, &request, NOW, &none,
                           &bench->refusal),
            bench, 422, ENROLMENT_NONCE_EXPIRED);
}

static void test_a_batch_is_full(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, second = {};
    struct bench *bench = *state;
    struct enrolled none;

    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_int_equal(enroll(bench, "2", ATTEMPT_2, bench->key, NOW, &second), 0);
    assert_string_equal(second.hostname, "KXP2-CORO-002");
    assert_refused(
            enroll(bench, "3", "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a53", bench->key, NOW, &none),
            bench, 403, ENROLMENT_BATCH_CLOSED);
    assert_int_equal(
            database_run(bench->database, "UPDATE batches SET open = 0, quota = 9", ""), 1);
    assert_refused(
            enroll(bench, "3", "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a53", bench->key, NOW, &none),
            bench, 403, ENROLMENT_BATCH_CLOSED);
    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &none), 0);
    enrolled_done(&none);
}

static void test_a_hostname_that_was_ever_given_is_passed_over(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;

    assert_int_equal(database_run(bench->database,
                             "INSERT INTO hostnames VALUES ('kxp2-coro-001', 'before', 1)", ""),
            1);
    assert_int_equal(enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_string_equal(enrolled.hostname, "KXP2-CORO-002");
}

static void test_the_audit_only_grows(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(register_audit(bench->database, NOW, "refused", "1", ""), 0);
    assert_int_equal(database_run(bench->database, "DELETE FROM audit", ""), -EEXIST);
    assert_int_equal(database_run(bench->database, "UPDATE audit SET at = 1", ""), -EEXIST);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_from_challenge_to_active),
            TEST(test_the_same_attempt_has_the_same_answer),
            TEST(test_refusals),
            TEST(test_an_attempt_expires),
            TEST(test_a_nonce_is_used_once_and_expires),
            TEST(test_a_batch_is_full),
            TEST(test_a_hostname_that_was_ever_given_is_passed_over),
            TEST(test_the_audit_only_grows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
