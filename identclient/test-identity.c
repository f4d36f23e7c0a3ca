/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The identity folder: where an enrolment finds its place, and what may become current. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "identity.h"
#include "unbox/store.h"

#define DAY (24 * 60 * 60)
#define NOW ((time_t)1800000000)
#define ID "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a5b"

static const struct attempt_terms first = {.kind = "enroll"};
static const struct credentials_wanted plain = {.serial = "78", .key_mode = 0640, .now = NOW};

/* The bench: a CA, and an answer that it gave. */
struct bench {
    EVP_PKEY *key;
    X509 *ca;
    char *ca_pem;
    char *certificate_pem;
    char *folder;
    char problem[256];
};

static void issue(struct bench *bench, const char *name, EVP_PKEY *key, X509 *issuer,
        enum crypto_certificate_use use, X509 **ret)
{
    const struct crypto_certificate_options options = {
            .name = name,
            .key = key,
            .issuer = issuer,
            .issuer_key = bench->key,
            .use = use,
            .not_before = NOW - DAY,
            .not_after = NOW + DAY,
    };

    assert_int_equal(crypto_certificate_new(&options, ret), 0);
}

static int enter_folder(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    bench->folder = strdup("/tmp/unbox-test-identity-XXXXXX");
    if (!mkdtemp(bench->folder) || chdir(bench->folder) < 0)
        return -1;
    assert_int_equal(crypto_key_new(&bench->key), 0);
    issue(bench, "CA", bench->key, NULL, CRYPTO_CERTIFICATE_CA, &bench->ca);
    return crypto_certificate_to_pem(bench->ca, &bench->ca_pem);
}

static int leave_folder(void **state)
{
    struct bench *bench = *state;
    int r = chdir("/") < 0 ? -errno : unbox_store_remove_tree(bench->folder);

    EVP_PKEY_free(bench->key);
    X509_free(bench->ca);
    free(bench->ca_pem);
    free(bench->certificate_pem);
    free(bench->folder);
    free(bench);
    return r < 0 ? -1 : 0;
}

static void on_item(const char *item, const char *problem, void *userdata)
{
    struct bench *bench = userdata;

    if (problem)
        (void)snprintf(bench->problem, sizeof(bench->problem), "%s: %s", item, problem);
}

static struct enroll_answer answer(struct bench *bench, const char *name, EVP_PKEY *key)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;

    issue(bench, name, key, bench->ca, CRYPTO_CERTIFICATE_CLIENT, &certificate);
    free(STEAL(bench->certificate_pem));
    assert_int_equal(crypto_certificate_to_pem(certificate, &bench->certificate_pem), 0);
    return (struct enroll_answer){.enrolment_id = ID,
            .hostname = "unbox-001",
            .uuid = ID,
            .cert = bench->certificate_pem,
            .chain = "",
            .ca = bench->ca_pem,
            .server_time = NOW};
}

static int install(struct bench *bench, const struct attempt *attempt,
        const struct enroll_answer *given, time_t now)
{
    const struct credentials_wanted wanted = {
            .serial = "78",
            .key_mode = 0640,
            .now = now,
            .fn = on_item,
            .userdata = bench,
    };

    bench->problem[0] = '\0';
    return identity_install(".", attempt, given, &wanted, false);
}

static void test_an_attempt_is_found_again(void **state)
{
    _cleanup_(attempt_done) struct attempt made = {}, found = {};

    assert_int_equal(identity_attempt_load(".", &first, &found), -ENOENT);
    assert_int_equal(identity_attempt_new(".", &first, &made), 0);
    assert_int_equal(identity_attempt_load(".", &first, &found), 0);
    assert_string_equal(found.id, made.id);
    assert_true(crypto_key_equal(found.key, made.key));
}

static void test_an_attempt_without_its_key_is_none(void **state)
{
    _cleanup_(attempt_done) struct attempt made = {}, found = {};

    assert_int_equal(identity_attempt_new(".", &first, &made), 0);
    assert_int_equal(identity_tidy("."), 0);
    assert_int_equal(identity_attempt_load(".", &first, &found), -ENOENT);
}

static void test_an_answer_becomes_current(void **state)
{
    _cleanup_(attempt_done) struct attempt attempt = {}, found = {};
    _cleanup_(credentials_done) struct credentials credentials = {};
    struct bench *bench = *state;
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &first, &attempt), 0);
    given = answer(bench, "78", attempt.key);
    assert_int_equal(install(bench, &attempt, &given, NOW), 0);
    assert_int_equal(identity_tidy("."), 0);
    assert_int_equal(identity_attempt_load(".", &first, &found), 0);
    assert_null(found.key);
    assert_true(found.stored);
    assert_int_equal(identity_current(".", &plain, &credentials), 0);
    assert_string_equal(credentials.hostname, "unbox-001");
    assert_true(crypto_key_equal(credentials.key, attempt.key));
}

static void test_an_attempt_goes_on_under_its_terms_alone(void **state)
{
    static const struct attempt_terms terms[] = {{.kind = "reassign"},
            {.kind = "enroll", .bundle = true}, {.kind = "enroll", .token = "abc"}};
    _cleanup_(attempt_done) struct attempt made = {}, found = {};

    assert_int_equal(identity_attempt_new(".", &first, &made), 0);
    for (size_t i = 0; i < ELEMENTSOF(terms); i++)
        assert_int_equal(identity_attempt_load(".", &terms[i], &found), -ENOENT);
    for (size_t i = 0; i < ELEMENTSOF(terms); i++) {
        _cleanup_(attempt_done) struct attempt other = {};

        assert_int_equal(identity_attempt_new(".", &terms[i], &other), 0);
        attempt_done(&other);
        assert_int_equal(identity_attempt_load(".", &terms[i], &other), 0);
        assert_true(terms[i].bundle == !other.key);
        assert_int_equal(identity_attempt_load(".", &first, &found), -ENOENT);
    }
    assert_int_equal(unbox_store_write("attempt", made.id, strlen(made.id), 0640, -1, -1), 0);
    assert_int_equal(identity_attempt_load(".", &first, &found), -ENOENT);
}

static void test_one_process_at_a_time(void **state)
{
    _cleanup_close_ int one = -1, other = -1;

    assert_int_equal(identity_lock(".", &one), 0);
    assert_int_equal(identity_lock(".", &other), -EWOULDBLOCK);
    close(STEAL_FD(one));
    assert_int_equal(identity_lock(".", &other), 0);
}

/* Enrolled, with `ret` the attempt of a renewal whose answer is stored as the next generation. */
static void offer_renewal(struct bench *bench, struct attempt *ret)
{
    static const struct attempt_terms renew = {.kind = "renew"};
    _cleanup_(attempt_done) struct attempt before = {};
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &first, &before), 0);
    given = answer(bench, "78", before.key);
    assert_int_equal(install(bench, &before, &given, NOW), 0);
    assert_int_equal(identity_attempt_new(".", &renew, ret), 0);
    given = answer(bench, "78", ret->key);
    assert_int_equal(identity_install(".", ret, &given, &plain, true), 0);
}

static void assert_current(const struct attempt *attempt, bool expected)
{
    _cleanup_(credentials_done) struct credentials credentials = {};

    assert_int_equal(identity_current(".", &plain, &credentials), 0);
    assert_true((strcmp(credentials.attempt, attempt->id) == 0) == expected);
}

static void test_what_is_offered_becomes_current_when_it_is_adopted(void **state)
{
    _cleanup_(credentials_done) struct credentials credentials = {};
    _cleanup_(attempt_done) struct attempt attempt = {};

    offer_renewal(*state, &attempt);
    assert_current(&attempt, false);
    assert_int_equal(identity_stored(".", &attempt, &plain, &credentials), 0);
    assert_string_equal(credentials.attempt, attempt.id);
    assert_int_equal(identity_adopt(".", &attempt), 0);
    assert_current(&attempt, true);
    assert_int_equal(access("next", F_OK), -1);
    assert_int_equal(identity_adopt(".", &attempt), 0);
    assert_current(&attempt, true);
}

static void test_what_is_abandoned_leaves_what_is_current(void **state)
{
    _cleanup_(attempt_done) struct attempt attempt = {};

    offer_renewal(*state, &attempt);
    assert_int_equal(identity_abandon("."), 0);
    assert_current(&attempt, false);
    assert_int_equal(access("next", F_OK), -1);
    assert_int_equal(access("attempt", F_OK), -1);
}

static void test_the_benchs_key_is_stored(void **state)
{
    static const struct attempt_terms bundle = {.kind = "enroll", .bundle = true};
    _cleanup_(credentials_done) struct credentials credentials = {};
    _cleanup_(attempt_done) struct attempt attempt = {};
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;
    struct bench *bench = *state;
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &bundle, &attempt), 0);
    assert_int_equal(crypto_key_new(&key), 0);
    assert_int_equal(crypto_key_to_pem(key, &pem), 0);
    given = answer(bench, "78", key);
    assert_int_equal(install(bench, &attempt, &given, NOW), -EKEYREJECTED);
    assert_string_equal(bench->problem, "key: not a private key on P-256");
    given.key = pem;
    assert_int_equal(install(bench, &attempt, &given, NOW), 0);
    assert_int_equal(identity_current(".", &plain, &credentials), 0);
    assert_true(crypto_key_equal(credentials.key, key));
}

static void test_what_must_not_become_current(void **state)
{
    _cleanup_(attempt_done) struct attempt attempt = {};
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *other = NULL;
    struct bench *bench = *state;
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &first, &attempt), 0);
    assert_int_equal(crypto_key_new(&other), 0);

    given = answer(bench, "79", attempt.key);
    assert_int_equal(install(bench, &attempt, &given, NOW), -EKEYREJECTED);
    assert_string_equal(bench->problem, "certificate: it is for serial 79, this device is 78");
    given = answer(bench, "78", other);
    assert_int_equal(install(bench, &attempt, &given, NOW), -EKEYREJECTED);
    assert_string_equal(bench->problem, "key: it does not belong to the certificate");
    given = answer(bench, "78", attempt.key);
    assert_int_equal(install(bench, &attempt, &given, NOW + 2 * DAY), -EKEYREJECTED);
    assert_string_equal(bench->problem, "chain: certificate has expired");
    assert_int_equal(install(bench, &attempt, &given, 0), -EKEYREJECTED);
    assert_string_equal(bench->problem, "chain: certificate is not yet valid");
    given.hostname = "../etc";
    assert_int_equal(install(bench, &attempt, &given, NOW), -EKEYREJECTED);

    assert_int_equal(access("current", F_OK), -1);
    assert_int_equal(access("staging", F_OK), -1);
}

static void test_a_new_attempt_leaves_what_is_current(void **state)
{
    _cleanup_(attempt_done) struct attempt attempt = {}, next = {}, found = {};
    _cleanup_(credentials_done) struct credentials credentials = {};
    struct bench *bench = *state;
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &first, &attempt), 0);
    given = answer(bench, "78", attempt.key);
    assert_int_equal(install(bench, &attempt, &given, NOW), 0);
    assert_int_equal(identity_attempt_drop("."), 0);
    assert_int_equal(identity_attempt_new(".", &first, &next), 0);
    assert_int_equal(identity_attempt_load(".", &first, &found), 0);
    assert_true(crypto_key_equal(found.key, next.key));
    assert_int_equal(identity_current(".", &plain, &credentials), 0);
    assert_string_equal(credentials.attempt, attempt.id);
}

static void test_what_a_power_cut_left_is_removed(void **state)
{
    _cleanup_(attempt_done) struct attempt attempt = {};
    struct bench *bench = *state;
    struct enroll_answer given;

    assert_int_equal(identity_attempt_new(".", &first, &attempt), 0);
    given = answer(bench, "78", attempt.key);
    assert_int_equal(install(bench, &attempt, &given, NOW), 0);
    assert_int_equal(unbox_store_flag(".#attempt.key0123456789abcdef", 0600), 0);
    assert_int_equal(identity_tidy("."), 0);
    assert_int_equal(access(".#attempt.key0123456789abcdef", F_OK), -1);
    assert_int_equal(access("attempt.key", F_OK), -1);
    assert_int_equal(access("attempt", F_OK), 0);
    assert_int_equal(access("current/private.pem.key", F_OK), 0);
}

static void test_the_flag(void **state)
{
    assert_false(identity_provisioned("."));
    assert_int_equal(identity_set_provisioned("."), 0);
    assert_true(identity_provisioned("."));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_an_attempt_is_found_again),
            TEST(test_an_attempt_without_its_key_is_none),
            TEST(test_an_answer_becomes_current),
            TEST(test_an_attempt_goes_on_under_its_terms_alone),
            TEST(test_one_process_at_a_time),
            TEST(test_what_is_offered_becomes_current_when_it_is_adopted),
            TEST(test_what_is_abandoned_leaves_what_is_current),
            TEST(test_the_benchs_key_is_stored),
            TEST(test_what_must_not_become_current),
            TEST(test_a_new_attempt_leaves_what_is_current),
            TEST(test_what_a_power_cut_left_is_removed),
            TEST(test_the_flag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
