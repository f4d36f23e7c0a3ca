/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page's certificate, and what the owner has chosen. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "https.h"
#include "unbox/store.h"

#define DAY (24 * 60 * 60)

static const char *const names[] = {"box", "box.local", NULL};

struct fixture {
    char folder[64];
    sd_event *event;
    struct https *https;
    unsigned changes;
};

static void on_changed(void *userdata)
{
    ((struct fixture *)userdata)->changes++;
}

static void start(struct fixture *fixture, enum https_mode configured)
{
    fixture->https = https_free(fixture->https);
    assert_int_equal(https_new(fixture->event, fixture->folder, configured, on_changed, fixture,
                             &fixture->https),
            0);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/unbox-https-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    assert_int_equal(sd_event_new(&fixture->event), 0);
    start(fixture, HTTPS_OPTIONAL);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    https_free(fixture->https);
    sd_event_unref(fixture->event);
    assert_true(unbox_store_remove_tree(fixture->folder) >= 0);
    free(fixture);
    return 0;
}

static char *digest(const struct fixture *fixture)
{
    _cleanup_json_ json_t *shown = https_to_json(fixture->https);
    const char *text;

    assert_int_equal(json_unpack(shown, "{s:{s:s}}", "certificate", "sha256", &text), 0);
    return strdup(text);
}

static const char *import_of(const char *chain, const char *key, time_t now)
{
    _cleanup_(certificate_free_p) struct certificate *certificate = NULL;
    const char *problem = NULL;
    int r = certificate_import(chain, key, now, &certificate, &problem);

    assert_int_equal(r, problem ? -EBADMSG : 0);
    return problem;
}

static void test_makes_its_own(void **state)
{
    _cleanup_(certificate_free_p) struct certificate *made = NULL, *read = NULL;
    time_t now = time(NULL);

    assert_int_equal(certificate_new(names, now, &made), 0);
    assert_true(certificate_is_for(made, "box"));
    assert_true(certificate_is_for(made, "BOX.local"));
    assert_false(certificate_is_for(made, "box.example"));
    assert_true(certificate_holds(made, now, CERTIFICATE_SPARE_DAYS));
    assert_true(certificate_holds(made, now - DAY / 2, 0));
    assert_false(certificate_holds(made, now - 2 * DAY, 0));
    assert_false(certificate_holds(made, now + CERTIFICATE_DAYS * DAY, 0));
    assert_int_equal(certificate_parse(certificate_text(made), &read), 0);
    assert_string_equal(certificate_text(made), certificate_text(read));
    assert_int_equal(certificate_parse("nothing", &read), -EBADMSG);
    assert_int_equal(certificate_parse(certificate_chain_pem(made), &read), -EBADMSG);
}

static void test_tells_what_is_no_secret(void **state)
{
    _cleanup_(certificate_free_p) struct certificate *made = NULL;
    _cleanup_json_ json_t *shown = NULL;
    const char *subject, *issuer, *first, *second, *until, *sha256;
    _cleanup_free_ char *text = NULL;

    assert_int_equal(certificate_new(names, 1767225600, &made), 0);
    shown = certificate_to_json(made);
    assert_int_equal(
            json_unpack(shown, "{s:s, s:s, s:[s,s!], s:s, s:s}", "subject", &subject, "issuer",
                    &issuer, "names", &first, &second, "not_after", &until, "sha256", &sha256),
            0);
    assert_string_equal(subject, "CN=box");
    assert_string_equal(issuer, subject);
    assert_string_equal(first, "box");
    assert_string_equal(second, "box.local");
    assert_string_equal(until, "2028-03-10T00:00:00Z");
    assert_int_equal(strlen(sha256), 64);
    text = json_dumps(shown, 0);
    assert_null(strstr(text, "PRIVATE"));
}

static void test_says_what_is_wrong(void **state)
{
    _cleanup_(certificate_free_p) struct certificate *made = NULL, *other = NULL;
    _cleanup_free_ char *both = NULL;
    const char *chain, *key;
    time_t now = time(NULL);

    assert_int_equal(certificate_new(names, now, &made), 0);
    assert_int_equal(certificate_new((const char *const[]){"another", NULL}, now, &other), 0);
    chain = certificate_chain_pem(made);
    key = certificate_key_pem(made);
    assert_null(import_of(chain, key, now));
    assert_non_null(strstr(import_of("", key, now), "no certificate"));
    assert_non_null(strstr(import_of(key, key, now), "no certificate"));
    assert_non_null(strstr(import_of(chain, chain, now), "no private key"));
    assert_non_null(strstr(import_of(chain, "", now), "no private key"));
    assert_non_null(strstr(import_of(chain, certificate_key_pem(other), now), "another"));
    assert_non_null(strstr(import_of(chain, key, now + 900 * DAY), "expired"));
    assert_non_null(strstr(import_of(chain, key, now - 10 * DAY), "clock"));
    assert_true(asprintf(&both, "%s%s", chain, certificate_chain_pem(other)) > 0);
    assert_non_null(strstr(import_of(both, key, now), "order"));
}

struct kind {
    int algorithm;
    unsigned bits;
    const char *purpose;
    gnutls_digest_algorithm_t sign;
    const char *password; /* of the key */
    const char *word;     /* of what is wrong with it; NULL: nothing */
};

static void make(const struct kind *kind, gnutls_datum_t *ret_chain, gnutls_datum_t *ret_key)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;

    assert_int_equal(gnutls_x509_privkey_init(&key), 0);
    assert_int_equal(gnutls_x509_privkey_generate(key, kind->algorithm, kind->bits, 0), 0);
    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(crt, "\x01", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(crt, time(NULL) - DAY), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + DAY), 0);
    assert_int_equal(gnutls_x509_crt_set_key(crt, key), 0);
    assert_int_equal(
            gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "odd", 3), 0);
    assert_int_equal(gnutls_x509_crt_set_key_purpose_oid(crt, kind->purpose, 0), 0);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, kind->sign, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, ret_chain), 0);
    assert_int_equal(
            gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, kind->password,
                    kind->password ? GNUTLS_PKCS_PBES2_AES_256 : GNUTLS_PKCS_PLAIN, ret_key),
            0);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

static void test_takes_none_that_browsers_refuse(void **state)
{
    static const unsigned p256 = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    const struct kind kinds[] = {
            {GNUTLS_PK_RSA, 2048, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_DIG_SHA256},
            {GNUTLS_PK_ECDSA, p256, GNUTLS_KP_ANY, GNUTLS_DIG_SHA256},
            {GNUTLS_PK_RSA, 1024, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_DIG_SHA256, NULL, "too short"},
            {GNUTLS_PK_RSA, 2048, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_DIG_SHA1, NULL, "not safe"},
            {GNUTLS_PK_EDDSA_ED25519, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519),
                    GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_DIG_SHA512, NULL, "RSA or ECDSA"},
            {GNUTLS_PK_ECDSA, p256, GNUTLS_KP_TLS_WWW_CLIENT, GNUTLS_DIG_SHA256, NULL,
                    "for a server"},
            {GNUTLS_PK_ECDSA, p256, GNUTLS_KP_TLS_WWW_SERVER, GNUTLS_DIG_SHA256, "secret",
                    "encrypted"},
    };

    for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
        gnutls_datum_t chain, key;
        const char *problem;

        make(&kinds[i], &chain, &key);
        problem = import_of((const char *)chain.data, (const char *)key.data, time(NULL));
        if (kinds[i].word) {
            assert_non_null(problem);
            assert_non_null(strstr(problem, kinds[i].word));
        } else
            assert_null(problem);
        gnutls_free(chain.data);
        gnutls_free(key.data);
    }
}

static void test_own_one_is_for_the_device_s_names(void **state)
{
    _cleanup_free_ char *first = NULL, *same = NULL, *kept = NULL, *other = NULL;
    struct fixture *fixture = *state;
    char path[128];
    struct stat st;

    /* Not before somebody has been asked for the name. */
    assert_null(https_certificate(fixture->https));
    https_called(fixture->https, "box", NULL);
    assert_int_equal(fixture->changes, 1);
    assert_true(certificate_is_for(https_certificate(fixture->https), "box.local"));
    first = digest(fixture);
    https_called(fixture->https, "box", "box.local");
    https_called(fixture->https, NULL, NULL);
    same = digest(fixture);
    assert_string_equal(first, same);
    start(fixture, HTTPS_OPTIONAL);
    https_called(fixture->https, "box", "");
    kept = digest(fixture);
    assert_string_equal(first, kept);
    assert_int_equal(fixture->changes, 1);

    https_called(fixture->https, "tower", "tower-2.local");
    other = digest(fixture);
    assert_string_not_equal(first, other);
    assert_true(certificate_is_for(https_certificate(fixture->https), "tower"));
    assert_true(certificate_is_for(https_certificate(fixture->https), "tower.local"));
    assert_true(certificate_is_for(https_certificate(fixture->https), "tower-2.local"));
    assert_int_equal(fixture->changes, 2);
    snprintf(path, sizeof(path), "%s/https-device.pem", fixture->folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_own_one_is_there_whatever_happens(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    /* Nobody knows the name, and nothing can be stored. */
    assert_int_equal(unbox_store_remove_tree(fixture->folder), 1);
    https_called(fixture->https, NULL, NULL);
    assert_true(certificate_is_for(https_certificate(fixture->https), "localhost"));
    assert_int_equal(mkdir(fixture->folder, 0700), 0);
    snprintf(path, sizeof(path), "%s/https-device.pem", fixture->folder);
    assert_int_equal(unbox_store_write(path, "broken", 6, 0600, -1, -1), 0);
    start(fixture, HTTPS_OPTIONAL);
    assert_null(https_certificate(fixture->https));
    https_called(fixture->https, "box", NULL);
    assert_true(certificate_is_for(https_certificate(fixture->https), "box"));
}

static void test_own_one_is_renewed(void **state)
{
    _cleanup_(certificate_free_p) struct certificate *old = NULL;
    struct fixture *fixture = *state;
    const char *text;
    char path[128];

    assert_int_equal(
            certificate_new(names,
                    time(NULL) - (CERTIFICATE_DAYS - CERTIFICATE_SPARE_DAYS + 1) * DAY, &old),
            0);
    text = certificate_text(old);
    snprintf(path, sizeof(path), "%s/https-device.pem", fixture->folder);
    assert_int_equal(unbox_store_write(path, text, strlen(text), 0600, -1, -1), 0);
    start(fixture, HTTPS_OPTIONAL);
    assert_string_equal(certificate_text(https_certificate(fixture->https)), text);
    https_called(fixture->https, "box", NULL);
    assert_string_not_equal(certificate_text(https_certificate(fixture->https)), text);
    assert_true(
            certificate_holds(https_certificate(fixture->https), time(NULL), CERTIFICATE_DAYS / 2));
}

static void test_customer_s_comes_first(void **state)
{
    struct certificate *brought;
    struct fixture *fixture = *state;
    char path[128];

    https_called(fixture->https, "box", NULL);
    assert_int_equal(
            certificate_new((const char *const[]){"shop.example", NULL}, time(NULL), &brought), 0);
    assert_int_equal(https_adopt(fixture->https, brought), 0);
    assert_true(https_is_customers(fixture->https));
    start(fixture, HTTPS_OPTIONAL);
    https_called(fixture->https, "box", NULL);
    assert_true(certificate_is_for(https_certificate(fixture->https), "shop.example"));
    assert_int_equal(https_drop(fixture->https), 1);
    assert_true(certificate_is_for(https_certificate(fixture->https), "box"));
    assert_int_equal(https_drop(fixture->https), 0);
    snprintf(path, sizeof(path), "%s/https-customer.pem", fixture->folder);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_choice_is_kept(void **state)
{
    struct fixture *fixture = *state;
    char path[128];

    assert_int_equal(https_mode(fixture->https), HTTPS_OPTIONAL);
    assert_int_equal(https_choose(fixture->https, HTTPS_REQUIRED), 0);
    start(fixture, HTTPS_OFF);
    assert_int_equal(https_mode(fixture->https), HTTPS_REQUIRED);
    assert_int_equal(https_choose(fixture->https, -1), 0);
    assert_int_equal(https_mode(fixture->https), HTTPS_OFF);
    start(fixture, HTTPS_OPTIONAL);
    assert_int_equal(https_mode(fixture->https), HTTPS_OPTIONAL);
    snprintf(path, sizeof(path), "%s/https.json", fixture->folder);
    assert_int_equal(unbox_store_write(path, "{\"mode\": \"sideways\"}", 20, 0600, -1, -1), 0);
    start(fixture, HTTPS_OPTIONAL);
    assert_int_equal(https_mode(fixture->https), HTTPS_OPTIONAL);
    assert_int_equal(https_mode_of("off"), HTTPS_OFF);
    assert_int_equal(https_mode_of("Off"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_makes_its_own),
            cmocka_unit_test(test_tells_what_is_no_secret),
            cmocka_unit_test(test_says_what_is_wrong),
            cmocka_unit_test(test_takes_none_that_browsers_refuse),
            cmocka_unit_test_setup_teardown(
                    test_own_one_is_for_the_device_s_names, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    test_own_one_is_there_whatever_happens, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_own_one_is_renewed, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_customer_s_comes_first, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_choice_is_kept, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
