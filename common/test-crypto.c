/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys, requests and certificates: what they are made for works, and what isn't right is refused.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#include "crypto.h"

#define DAY (24 * 60 * 60)
#define NOW ((time_t)1800000000)

/* A factory: CA, intermediate CA, and a device's certificate below each. */
struct factory {
    EVP_PKEY *ca_key, *sub_key, *device_key;
    X509 *ca, *sub, *device, *sub_device;
    char *ca_pem, *sub_pem;
};

static X509 *certify(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
        enum crypto_certificate_use use)
{
    const struct crypto_certificate_options options = {
            .name = name,
            .key = key,
            .issuer = issuer,
            .issuer_key = issuer_key,
            .use = use,
            .alt_names = use == CRYPTO_CERTIFICATE_SERVER ? "IP:7.7.7.7" : NULL,
            .not_before = NOW - DAY,
            .not_after = NOW + DAY,
    };
    X509 *certificate = NULL;

    assert_int_equal(crypto_certificate_new(&options, &certificate), 0);
    return certificate;
}

static int make_factory(void **state)
{
    struct factory *factory = calloc(1, sizeof(*factory));

    assert_int_equal(crypto_key_new(&factory->ca_key), 0);
    assert_int_equal(crypto_key_new(&factory->sub_key), 0);
    assert_int_equal(crypto_key_new(&factory->device_key), 0);
    factory->ca = certify("CA", factory->ca_key, NULL, NULL, CRYPTO_CERTIFICATE_CA);
    factory->sub =
            certify("line", factory->sub_key, factory->ca, factory->ca_key, CRYPTO_CERTIFICATE_CA);
    factory->device = certify(
            "78", factory->device_key, factory->ca, factory->ca_key, CRYPTO_CERTIFICATE_CLIENT);
    factory->sub_device = certify(
            "79", factory->device_key, factory->sub, factory->sub_key, CRYPTO_CERTIFICATE_CLIENT);
    assert_int_equal(crypto_certificate_to_pem(factory->ca, &factory->ca_pem), 0);
    assert_int_equal(crypto_certificate_to_pem(factory->sub, &factory->sub_pem), 0);
    *state = factory;
    return 0;
}

static int close_factory(void **state)
{
    struct factory *factory = *state;

    EVP_PKEY_free(factory->ca_key);
    EVP_PKEY_free(factory->sub_key);
    EVP_PKEY_free(factory->device_key);
    X509_free(factory->ca);
    X509_free(factory->sub);
    X509_free(factory->device);
    X509_free(factory->sub_device);
    free(factory->ca_pem);
    free(factory->sub_pem);
    free(factory);
    return 0;
}

static void test_key_survives_pem(void **state)
{
    struct factory *factory = *state;
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;

    assert_int_equal(crypto_key_to_pem(factory->device_key, &pem), 0);
    assert_int_equal(crypto_key_from_pem(pem, &key), 0);
    assert_true(crypto_key_equal(key, factory->device_key));
    assert_false(crypto_key_equal(key, factory->ca_key));
}

static void test_other_keys_are_refused(void **state)
{
    static const char encrypted[] =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
            "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n"
            "-----END ENCRYPTED PRIVATE KEY-----\n";
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *p384 = EVP_EC_gen("P-384"), *key = NULL;
    _cleanup_(crypto_secret_free_p) char *pem = NULL;

    assert_int_equal(crypto_key_to_pem(p384, &pem), 0);
    assert_int_equal(crypto_key_from_pem(pem, &key), -EKEYREJECTED);
    assert_int_equal(crypto_key_from_pem("", &key), -EBADMSG);
    assert_int_equal(crypto_key_from_pem(encrypted, &key), -EBADMSG);
    assert_null(key);
}

static void test_signature(void **state)
{
    struct factory *factory = *state;
    _cleanup_free_ char *signature = NULL;

    assert_int_equal(crypto_sign(factory->device_key, "text", 4, &signature), 0);
    assert_int_equal(crypto_verify(factory->device_key, "text", 4, signature), 0);
    assert_int_equal(crypto_verify(factory->device_key, "test", 4, signature), -EKEYREJECTED);
    assert_int_equal(crypto_verify(factory->ca_key, "text", 4, signature), -EKEYREJECTED);
    assert_int_equal(crypto_verify(factory->ca_key, "text", 4, ""), -EBADMSG);
    assert_int_equal(crypto_verify(factory->ca_key, "text", 4, "abc"), -EBADMSG);
    assert_int_equal(crypto_verify(factory->ca_key, "text", 4, "????"), -EBADMSG);
    assert_int_equal(crypto_verify(factory->ca_key, "text", 4, "===="), -EKEYREJECTED);
}

static void test_request(void **state)
{
    struct factory *factory = *state;
    _cleanup_(crypto_request_done) struct crypto_request request = {};
    _cleanup_free_ char *pem = NULL;

    assert_int_equal(crypto_request_new(factory->device_key, "78", "nonce", &pem), 0);
    assert_int_equal(crypto_request_from_pem(pem, &request), 0);
    assert_string_equal(request.name, "78");
    assert_string_equal(request.challenge, "nonce");
    assert_true(crypto_key_equal(request.key, factory->device_key));
}

static void test_request_that_was_changed_is_refused(void **state)
{
    struct factory *factory = *state;
    _cleanup_free_ char *pem = NULL;
    struct crypto_request request;
    char *end;

    assert_int_equal(crypto_request_new(factory->device_key, "78", "nonce", &pem), 0);
    end = strstr(pem, "-----END");
    end[-12] = end[-12] == 'A' ? 'B' : 'A';
    assert_true(crypto_request_from_pem(pem, &request) < 0);
}

static void test_chain(void **state)
{
    struct factory *factory = *state;
    const char *reason = NULL;

    assert_int_equal(
            crypto_certificate_check(factory->device, NULL, factory->ca_pem, NOW, &reason), 0);
    assert_int_equal(crypto_certificate_check(
                             factory->sub_device, factory->sub_pem, factory->ca_pem, NOW, &reason),
            0);
    assert_int_equal(
            crypto_certificate_check(factory->sub_device, "", factory->ca_pem, NOW, &reason),
            -EKEYREJECTED);
    assert_non_null(reason);
    assert_int_equal(
            crypto_certificate_check(factory->device, NULL, factory->sub_pem, NOW, &reason),
            -EKEYREJECTED);
}

static void test_dates(void **state)
{
    struct factory *factory = *state;
    const char *reason = NULL;
    time_t end;

    assert_int_equal(crypto_certificate_check(
                             factory->device, NULL, factory->ca_pem, NOW + 2 * DAY, &reason),
            -EKEYREJECTED);
    assert_string_equal(reason, "certificate has expired");
    assert_int_equal(crypto_certificate_check(factory->device, NULL, factory->ca_pem, 0, &reason),
            -EKEYREJECTED);
    assert_string_equal(reason, "certificate is not yet valid");
    assert_int_equal(crypto_certificate_not_after(factory->device, &end), 0);
    assert_int_equal(end, NOW + DAY);
}

static void test_only_a_clients_certificate_is_a_clients(void **state)
{
    struct factory *factory = *state;
    _cleanup_(X509_free_p) X509 *server = certify(
            "bench", factory->device_key, factory->ca, factory->ca_key, CRYPTO_CERTIFICATE_SERVER);

    assert_int_equal(
            crypto_certificate_check(server, NULL, factory->ca_pem, NOW, NULL), -EKEYREJECTED);
}

/* A key as a customer's authority hands it out, under a password. */
static char *protect(EVP_PKEY *key, const char *password)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem = NULL, *data;
    long size;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), password,
                             (int)strlen(password), NULL, NULL),
            1);
    size = BIO_get_mem_data(bio, &data);
    pem = strndup(data, (size_t)size);
    BIO_free(bio);
    return pem;
}

static void test_whose_key_it_is(void **state)
{
    struct factory *factory = *state;
    _cleanup_(crypto_secret_free_p) char *key = NULL, *other = NULL, *locked = NULL;
    _cleanup_free_ char *certificate = NULL;

    assert_int_equal(crypto_key_to_pem(factory->device_key, &key), 0);
    assert_int_equal(crypto_key_to_pem(factory->ca_key, &other), 0);
    assert_int_equal(crypto_certificate_to_pem(factory->device, &certificate), 0);
    locked = protect(factory->device_key, "secret");
    assert_int_equal(crypto_certificate_check_key(certificate, key, NULL), 0);
    assert_int_equal(crypto_certificate_check_key(certificate, key, "not needed"), 0);
    assert_int_equal(crypto_certificate_check_key(certificate, locked, "secret"), 0);
    assert_int_equal(crypto_certificate_check_key(certificate, locked, "wrong"), -EACCES);
    assert_int_equal(crypto_certificate_check_key(certificate, locked, NULL), -EACCES);
    assert_int_equal(crypto_certificate_check_key(certificate, other, NULL), -EKEYREJECTED);
    assert_int_equal(crypto_certificate_check_key(certificate, certificate, NULL), -EBADMSG);
    assert_int_equal(crypto_certificate_check_key(key, key, NULL), -EBADMSG);
    assert_int_equal(crypto_certificate_check_key("", "", NULL), -EBADMSG);
}

static void test_name_and_digest(void **state)
{
    struct factory *factory = *state;
    char a[CRYPTO_SHA256_HEX_SIZE], b[CRYPTO_SHA256_HEX_SIZE];
    _cleanup_free_ char *name = NULL;

    assert_int_equal(crypto_certificate_name(factory->device, &name), 0);
    assert_string_equal(name, "78");
    assert_int_equal(crypto_certificate_sha256(factory->device, a), 0);
    assert_int_equal(crypto_certificate_sha256(factory->ca, b), 0);
    assert_int_equal(strlen(a), 64);
    assert_string_not_equal(a, b);
}

/* What the CA has signed says of each certificate whether it is on the list. */
static void test_a_list_of_what_is_revoked(void **state)
{
    struct factory *factory = *state;
    _cleanup_(crypto_crl_free_p) struct crypto_crl *crl = NULL;
    _cleanup_free_ uint8_t *der = NULL;
    X509_REVOKED *found = NULL;
    const uint8_t *data;
    X509_CRL *read;
    size_t size;

    assert_int_equal(crypto_crl_new(factory->ca, &crl), 0);
    assert_int_equal(crypto_crl_add(crl, factory->device, NOW), 0);
    assert_int_equal(crypto_crl_sign(crl, factory->ca, factory->ca_key, NOW, NOW + DAY), 0);
    assert_int_equal(crypto_crl_to_der(crl, &der, &size), 0);
    data = der;
    read = d2i_X509_CRL(NULL, &data, size);
    assert_non_null(read);
    assert_int_equal(X509_CRL_verify(read, factory->ca_key), 1);
    assert_int_equal(X509_CRL_verify(read, factory->device_key), 0);
    assert_int_equal(X509_CRL_get0_by_cert(read, &found, factory->device), 1);
    assert_int_equal(X509_CRL_get0_by_cert(read, &found, factory->ca), 0);
    X509_CRL_free(read);
}

/* What a list says, one after the other. */
static int write_down(const char *number, time_t revoked_at, void *userdata)
{
    char *text = userdata, *end = text + strlen(text);

    (void)snprintf(end, 256 - (end - text), "%s %lld\n", number, (long long)(revoked_at - NOW));
    return 0;
}

static int give_up(const char *number, time_t revoked_at, void *userdata)
{
    return -ECANCELED;
}

static void test_a_list_is_read_as_it_was_written(void **state)
{
    struct factory *factory = *state;
    _cleanup_(crypto_crl_free_p) struct crypto_crl *crl = NULL, *read = NULL, *none = NULL;
    _cleanup_free_ char *number = NULL, *pem = NULL;
    char text[256] = "", expected[256];

    assert_int_equal(crypto_certificate_number(factory->device, &number), 0);
    assert_int_equal(crypto_crl_new(factory->ca, &crl), 0);
    assert_int_equal(crypto_crl_add(crl, factory->device, NOW + 7), 0);
    assert_int_equal(crypto_crl_add_number(crl, "0A", NOW), 0);
    assert_int_equal(crypto_crl_add_number(crl, "0A 0B", NOW), -EBADMSG);
    assert_int_equal(crypto_crl_add_number(crl, "", NOW), -EBADMSG);
    assert_int_equal(crypto_crl_sign(crl, factory->ca, factory->ca_key, NOW, NOW + DAY), 0);
    assert_int_equal(crypto_crl_to_pem(crl, &pem), 0);

    assert_int_equal(crypto_crl_from_pem(pem, factory->ca, &read), 0);
    assert_int_equal(crypto_crl_each(read, write_down, text), 0);
    (void)snprintf(expected, sizeof(expected), "0A 0\n%s 7\n", number);
    assert_string_equal(text, expected);
    assert_int_equal(crypto_crl_each(read, give_up, NULL), -ECANCELED);

    assert_int_equal(crypto_crl_from_pem(pem, factory->device, &none), -EKEYREJECTED);
    assert_int_equal(crypto_crl_from_pem("no list", factory->ca, &none), -EBADMSG);
    /* Of an issuer of the same name, with another key. */
    crypto_crl_free(STEAL(crl));
    assert_int_equal(crypto_crl_new(factory->ca, &crl), 0);
    assert_int_equal(crypto_crl_sign(crl, factory->ca, factory->device_key, NOW, NOW + DAY), 0);
    free(STEAL(pem));
    assert_int_equal(crypto_crl_to_pem(crl, &pem), 0);
    assert_int_equal(crypto_crl_from_pem(pem, factory->ca, &none), -EKEYREJECTED);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_key_survives_pem),
            cmocka_unit_test(test_other_keys_are_refused),
            cmocka_unit_test(test_signature),
            cmocka_unit_test(test_request),
            cmocka_unit_test(test_request_that_was_changed_is_refused),
            cmocka_unit_test(test_chain),
            cmocka_unit_test(test_dates),
            cmocka_unit_test(test_only_a_clients_certificate_is_a_clients),
            cmocka_unit_test(test_whose_key_it_is),
            cmocka_unit_test(test_name_and_digest),
            cmocka_unit_test(test_a_list_of_what_is_revoked),
            cmocka_unit_test(test_a_list_is_read_as_it_was_written),
    };

    return cmocka_run_group_tests(tests, make_factory, close_factory);
}
