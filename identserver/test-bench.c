/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* See test-bench.h. */

#include "test-bench.h"

#include "unbox/store.h"

int bench_enter(void **state)
{
    const struct init_options options = {
            .directory = ".",
            .address = "7.7.7.7",
            .batch = "B7",
            .quota = 2,
            .hostname_prefix = "KXP2-CORO",
    };
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    bench->folder = strdup("/tmp/unbox-test-bench-XXXXXX");
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

int bench_leave(void **state)
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

int bench_ask(struct bench *bench, struct enroll_request request, EVP_PKEY *key, time_t now,
        struct enrolled *ret)
{
    _cleanup_free_ char *nonce = NULL;

    request.product = "p";
    request.hw_rev = "1";
    request.batch = request.batch ?: "";
    request.reason = request.reason ?: "";
    request.macs = (char *)"{}";
    request.csr.key = key;
    request.bundle = !key;
    assert_int_equal(register_challenge(bench->database, request.serial, now, &nonce), 0);
    request.nonce = nonce;
    if (key)
        assert_int_equal(crypto_key_sha256(key, request.spki_sha256), 0);
    return register_enroll(bench->database, bench->authority, &request, now, ret, &bench->refusal);
}

int bench_enroll(struct bench *bench, const char *serial, const char *attempt, EVP_PKEY *key,
        time_t now, struct enrolled *ret)
{
    const struct enroll_request request = {.serial = serial, .attempt = attempt};

    return bench_ask(bench, request, key, now, ret);
}

int bench_acknowledge(
        struct bench *bench, const struct enrolled *enrolled, EVP_PKEY *key, time_t now)
{
    _cleanup_free_ char *proof = NULL;
    struct acknowledged acknowledged = {};
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    char sha256[CRYPTO_SHA256_HEX_SIZE], message[ENROLMENT_PROOF_SIZE];
    struct ack_request request = {.cert_sha256 = sha256};
    int size, r;

    assert_int_equal(crypto_certificate_from_pem(enrolled->certificate, &certificate), 0);
    assert_int_equal(crypto_certificate_sha256(certificate, sha256), 0);
    size = enrolment_proof(enrolled->id, sha256, message);
    assert_int_equal(crypto_sign(key, message, size, &proof), 0);
    request.proof = proof;
    r = register_acknowledge(
            bench->database, enrolled->id, &request, now, &acknowledged, &bench->refusal);
    free(acknowledged.serial);
    return r;
}

void assert_summary(struct bench *bench, int active, int pending, int places)
{
    struct register_summary summary;

    assert_int_equal(register_summary(bench->database, &summary), 0);
    assert_int_equal(summary.active, active);
    assert_int_equal(summary.pending, pending);
    assert_int_equal(summary.places, places);
}

void assert_refused(int r, const struct bench *bench, unsigned status, const char *code)
{
    assert_int_equal(r, 1);
    assert_int_equal(bench->refusal.status, status);
    assert_string_equal(bench->refusal.code, code);
}

void assert_detail(const struct bench *bench, const char *text)
{
    if (!strstr(bench->refusal.detail, text))
        fail_msg("\"%s\" is not in \"%s\"", text, bench->refusal.detail);
}
