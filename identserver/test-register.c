/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The register's promises, with a clock of the test's: one identity a serial, one serial a
 * hostname. */

#include "audit.h"
#include "test-bench.h"

static void test_from_challenge_to_active(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;

    assert_summary(bench, 0, 0, 2);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_string_equal(enrolled.hostname, "KXP2-CORO-001");
    assert_false(enrolled.repeated);
    assert_summary(bench, 0, 1, 1);
    assert_int_equal(bench_acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_summary(bench, 1, 0, 1);
    assert_int_equal(
            bench_acknowledge(bench, &enrolled, bench->key, NOW + REGISTER_ACK_SEC + 1), 0);
}

static void test_the_same_attempt_has_the_same_answer(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, again = {}, after = {};
    struct bench *bench = *state;

    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW + 60, &again), 0);
    assert_true(again.repeated);
    assert_string_equal(again.id, first.id);
    assert_string_equal(again.certificate, first.certificate);
    assert_string_equal(again.hostname, first.hostname);
    assert_int_equal(bench_acknowledge(bench, &again, bench->key, NOW), 0);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW + 9999, &after), 0);
    assert_string_equal(after.id, first.id);
    assert_summary(bench, 1, 0, 1);
}

static void test_refusals(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;
    struct enrolled none;

    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_1, bench->other, NOW, &none), bench, 409,
            ENROLMENT_SPKI_MISMATCH);
    assert_refused(bench_enroll(bench, "2", ATTEMPT_1, bench->key, NOW, &none), bench, 400,
            ENROLMENT_BAD_REQUEST);
    assert_refused(bench_acknowledge(bench, &enrolled, bench->other, NOW), bench, 422,
            ENROLMENT_BAD_PROOF);
    assert_summary(bench, 0, 1, 1);
    assert_int_equal(bench_acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_2, bench->key, NOW, &none), bench, 409,
            ENROLMENT_ALREADY_ISSUED);
}

static void test_an_attempt_expires(void **state)
{
    _cleanup_(enrolled_done) struct enrolled first = {}, second = {};
    time_t late = NOW + REGISTER_ACK_SEC + 1;
    struct bench *bench = *state;
    struct enrolled none;

    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_refused(bench_acknowledge(bench, &first, bench->key, late), bench, 410,
            ENROLMENT_ATTEMPT_EXPIRED);
    assert_refused(bench_enroll(bench, "1", ATTEMPT_1, bench->key, late, &none), bench, 410,
            ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_2, bench->other, late, &second), 0);
    assert_string_equal(second.hostname, first.hostname);
    assert_string_equal(second.uuid, first.uuid);
    assert_refused(bench_acknowledge(bench, &first, bench->key, NOW), bench, 410,
            ENROLMENT_ATTEMPT_EXPIRED);
    assert_int_equal(bench_acknowledge(bench, &second, bench->other, late), 0);
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

    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &first), 0);
    assert_int_equal(bench_enroll(bench, "2", ATTEMPT_2, bench->key, NOW, &second), 0);
    assert_string_equal(second.hostname, "KXP2-CORO-002");
    assert_refused(bench_enroll(bench, "3", ATTEMPT_3, bench->key, NOW, &none), bench, 403,
            ENROLMENT_BATCH_CLOSED);
    assert_int_equal(
            database_run(bench->database, "UPDATE batches SET open = 0, quota = 9", ""), 1);
    assert_refused(bench_enroll(bench, "3", ATTEMPT_3, bench->key, NOW, &none), bench, 403,
            ENROLMENT_BATCH_CLOSED);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &none), 0);
    enrolled_done(&none);
}

static void test_a_hostname_that_was_ever_given_is_passed_over(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;

    assert_int_equal(database_run(bench->database,
                             "INSERT INTO hostnames (hostname, serial, given_at)"
                             " VALUES ('kxp2-coro-001', 'before', 1)",
                             ""),
            1);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_string_equal(enrolled.hostname, "KXP2-CORO-002");
}

static void test_the_audit_only_grows(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(audit_add(bench->database, NOW, "refused", "1", ""), 0);
    assert_int_equal(database_run(bench->database, "DELETE FROM audit", ""), -EEXIST);
    assert_int_equal(database_run(bench->database, "UPDATE audit SET at = 1", ""), -EEXIST);
    assert_int_equal(database_run(bench->database,
                             "REPLACE INTO audit (id, at, event, serial, detail, hash)"
                             " VALUES (1, 1, '', '', '', '')",
                             ""),
            -EEXIST);
}

/* What somebody does to the file who has taken the triggers away first. */
static void test_the_audit_shows_what_was_done_to_it(void **state)
{
    static const struct {
        const char *sql;
        int64_t broken;
        bool known;
    } cases[] = {
            {"UPDATE audit SET detail = 'other' WHERE id = 2", 2, true},
            {"UPDATE audit SET at = at + 1 WHERE id = 1", 1, true},
            {"UPDATE audit SET hash = 'x' WHERE id = 3", 3, true},
            {"DELETE FROM audit WHERE id = 2", 3, true},
            {"INSERT INTO audit SELECT 7, at, event, serial, detail, hash FROM audit WHERE id = 4",
                    7, true},
            {"DELETE FROM audit WHERE id = 4", 0, false},
    };
    struct bench *bench = *state;
    struct audit_state audit, before;

    for (int i = 0; i < 3; i++)
        assert_int_equal(audit_add(bench->database, NOW + i, "refused", "1", "no"), 0);
    assert_int_equal(audit_check(bench->database, NULL, &before), 0);
    assert_int_equal(before.broken, 0);
    assert_int_equal(before.entries, 4);
    assert_false(before.known);
    assert_true(database_run(bench->database, "DROP TRIGGER audit_is_kept", "") >= 0);
    assert_true(database_run(bench->database, "DROP TRIGGER audit_is_final", "") >= 0);
    assert_true(database_run(bench->database, "DROP TRIGGER audit_is_new", "") >= 0);
    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        assert_int_equal(database_begin(bench->database), 0);
        assert_int_equal(database_run(bench->database, cases[i].sql, ""), 1);
        assert_int_equal(audit_check(bench->database, before.last, &audit), 0);
        assert_int_equal(audit.broken, cases[i].broken);
        assert_int_equal(audit.known, cases[i].known);
        database_rollback(bench->database);
    }
    assert_int_equal(audit_check(bench->database, before.last, &audit), 0);
    assert_true(audit.known && audit.broken == 0);
}

/* Known answer: what was noted of it has to be found again by any later version. */
static void test_the_audits_first_hash(void **state)
{
    struct bench *bench = *state;
    struct audit_state audit;
    char text[128], expected[CRYPTO_SHA256_HEX_SIZE];
    int size = snprintf(text, sizeof(text), "%c1%c1800000000%cbatch opened%c%cB7", 0, 0, 0, 0, 0);

    assert_true(database_run(bench->database, "DROP TRIGGER audit_is_kept", "") >= 0);
    assert_int_equal(database_run(bench->database, "DELETE FROM audit", ""), 1);
    assert_int_equal(audit_add(bench->database, NOW, "batch opened", "", "B7"), 0);
    assert_int_equal(crypto_sha256(text, size, expected), 0);
    assert_int_equal(audit_check(bench->database, expected, &audit), 0);
    assert_string_equal(audit.last, expected);
    assert_true(audit.known);
}

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
            TEST(test_the_audit_shows_what_was_done_to_it),
            TEST(test_the_audits_first_hash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
