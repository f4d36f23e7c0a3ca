/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * With GnuTLS, which libmicrohttpd has brought into the process already; its errors end here. Text
 * and certificate are kept both: the text is what is stored and served, of the other is asked.
 */

#include "certificate.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <string.h>

#define DAY_SEC (24 * 60 * 60)
#define KEY_ID_SIZE 32
#define SERIAL_SIZE 16
#define TEXT_MAX 256

struct certificate {
    gnutls_x509_crt_t first;
    char *text;  /* the key, then the chain */
    char *key;   /* its beginning */
    char *chain; /* within the text */
};

struct chain {
    gnutls_x509_crt_t *all;
    unsigned n;
};

static void chain_done(struct chain *chain)
{
    for (unsigned i = 0; i < chain->n; i++)
        gnutls_x509_crt_deinit(chain->all[i]);
    gnutls_free(chain->all);
}

static void key_done(gnutls_x509_privkey_t *key)
{
    if (*key)
        gnutls_x509_privkey_deinit(*key);
}

static void datum_done(gnutls_datum_t *datum)
{
    if (datum->data)
        explicit_bzero(datum->data, datum->size);
    gnutls_free(datum->data);
}

static void secret_free(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

struct certificate *certificate_free(struct certificate *certificate)
{
    if (!certificate)
        return NULL;
    if (certificate->first)
        gnutls_x509_crt_deinit(certificate->first);
    secret_free(certificate->text);
    secret_free(certificate->key);
    free(certificate);
    return NULL;
}

/* Appends to a text that has room for it. */
static char *append(char *end, const gnutls_datum_t *datum)
{
    memcpy(end, datum->data, datum->size);
    end[datum->size] = '\0';
    return end + datum->size;
}

/* Writes it all anew, so that what is stored is what was understood. */
static int write_text(
        struct certificate *certificate, gnutls_x509_privkey_t key, const struct chain *chain)
{
    _cleanup_(datum_done) gnutls_datum_t key_pem = {};
    gnutls_datum_t pem[CERTIFICATE_CHAIN_MAX] = {};
    size_t size = 1;
    char *end;
    int r;

    r = gnutls_x509_privkey_export2_pkcs8(
            key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key_pem);
    for (unsigned i = 0; r >= 0 && i < chain->n; i++) {
        r = gnutls_x509_crt_export2(chain->all[i], GNUTLS_X509_FMT_PEM, &pem[i]);
        size += pem[i].size;
    }
    if (r >= 0) {
        certificate->text = malloc(size + key_pem.size);
        certificate->key = malloc(key_pem.size + 1);
    }
    if (certificate->text && certificate->key) {
        (void)append(certificate->key, &key_pem);
        end = append(certificate->text, &key_pem);
        certificate->chain = end;
        for (unsigned i = 0; i < chain->n; i++)
            end = append(end, &pem[i]);
    }
    for (unsigned i = 0; i < chain->n; i++)
        gnutls_free(pem[i].data);
    return certificate->text && certificate->key ? 0 : r < 0 ? -EIO : -ENOMEM;
}

/* Reads back what it has written: GnuTLS does not know all of a certificate that it has just made.
 */
static int make(gnutls_x509_privkey_t key, const struct chain *chain, struct certificate **ret)
{
    _cleanup_(certificate_free_p) struct certificate *certificate = calloc(1, sizeof(*certificate));
    gnutls_datum_t text;
    int r;

    if (!certificate)
        return -ENOMEM;
    r = write_text(certificate, key, chain);
    if (r < 0)
        return r;
    text = (gnutls_datum_t){
            .data = (unsigned char *)certificate->chain, .size = strlen(certificate->chain)};
    if (gnutls_x509_crt_init(&certificate->first) < 0 ||
            gnutls_x509_crt_import(certificate->first, &text, GNUTLS_X509_FMT_PEM) < 0)
        return -EIO;
    *ret = STEAL(certificate);
    return 0;
}

static int set_names(gnutls_x509_crt_t crt, const char *const *names)
{
    int r;

    r = gnutls_x509_crt_set_dn_by_oid(
            crt, GNUTLS_OID_X520_COMMON_NAME, 0, names[0], strlen(names[0]));
    for (; r >= 0 && *names; names++)
        r = gnutls_x509_crt_set_subject_alt_name(
                crt, GNUTLS_SAN_DNSNAME, *names, strlen(*names), GNUTLS_FSAN_APPEND);
    return r;
}

static int set_facts(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, time_t now)
{
    unsigned char serial[SERIAL_SIZE], id[KEY_ID_SIZE];
    size_t size = sizeof(id);
    int r;

    r = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
    serial[0] &= 0x7f; /* a positive number */
    if (r >= 0)
        r = gnutls_x509_crt_set_version(crt, 3);
    if (r >= 0)
        r = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    /* Clocks differ. */
    if (r >= 0)
        r = gnutls_x509_crt_set_activation_time(crt, now - DAY_SEC);
    if (r >= 0)
        r = gnutls_x509_crt_set_expiration_time(crt, now + (CERTIFICATE_DAYS - 1) * DAY_SEC);
    if (r >= 0)
        r = gnutls_x509_crt_set_key(crt, key);
    if (r >= 0)
        r = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
    if (r >= 0)
        r = gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (r >= 0)
        r = gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (r >= 0)
        r = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &size);
    return r < 0 ? r : gnutls_x509_crt_set_subject_key_id(crt, id, size);
}

int certificate_new(const char *const *names, time_t now, struct certificate **ret)
{
    _cleanup_(key_done) gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t crt = NULL;
    struct chain chain = {.all = &crt, .n = 1};
    int r;

    r = gnutls_x509_privkey_init(&key);
    if (r >= 0)
        r = gnutls_x509_privkey_generate(
                key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (r >= 0)
        r = gnutls_x509_crt_init(&crt);
    if (r >= 0)
        r = set_facts(crt, key, now);
    if (r >= 0)
        r = set_names(crt, names);
    if (r >= 0)
        r = gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    r = r < 0 ? -EIO : make(key, &chain, ret);
    if (crt)
        gnutls_x509_crt_deinit(crt);
    return r;
}

static const char *import_chain(const char *pem, struct chain *ret)
{
    const gnutls_datum_t data = {.data = (unsigned char *)pem, .size = strlen(pem)};
    int r;

    r = gnutls_x509_crt_list_import2(
            &ret->all, &ret->n, &data, GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (r < 0) {
        *ret = (struct chain){};
        return r == GNUTLS_E_CERTIFICATE_LIST_UNSORTED
                       ? "The certificates are in the wrong order: the device's comes first, then "
                         "the one that has signed it, and so on."
                       : "That is no certificate in PEM.";
    }
    return ret->n > CERTIFICATE_CHAIN_MAX ? "That are too many certificates." : NULL;
}

static const char *import_key(const char *pem, gnutls_x509_privkey_t *ret)
{
    const gnutls_datum_t data = {.data = (unsigned char *)pem, .size = strlen(pem)};
    int r;

    r = gnutls_x509_privkey_init(ret);
    if (r >= 0)
        r = gnutls_x509_privkey_import2(*ret, &data, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (r >= 0)
        return NULL;
    return r == GNUTLS_E_DECRYPTION_FAILED || strstr(pem, "ENCRYPTED")
                   ? "The private key is encrypted: the device has no password for it."
                   : "That is no private key in PEM.";
}

static bool belong(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    unsigned char of_crt[KEY_ID_SIZE], of_key[KEY_ID_SIZE];
    size_t n_crt = sizeof(of_crt), n_key = sizeof(of_key);

    return gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, of_crt, &n_crt) >= 0 &&
           gnutls_x509_privkey_get_key_id(key, GNUTLS_KEYID_USE_SHA256, of_key, &n_key) >= 0 &&
           n_crt == n_key && memcmp(of_crt, of_key, n_crt) == 0;
}

/* What a browser would not like; NULL: nothing. */
static const char *find_fault(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, time_t now)
{
    int algorithm = gnutls_x509_privkey_get_pk_algorithm(key);

    if (algorithm != GNUTLS_PK_RSA && algorithm != GNUTLS_PK_ECDSA)
        return "Browsers take keys of RSA or ECDSA only.";
    if (gnutls_x509_privkey_sec_param(key) < GNUTLS_SEC_PARAM_MEDIUM)
        return "The key is too short: RSA has 2048 bits or more, ECDSA 256.";
    if (!gnutls_sign_is_secure2(
                gnutls_x509_crt_get_signature_algorithm(crt), GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS))
        return "The certificate is signed in a way that is not safe any more.";
    if (!gnutls_x509_crt_check_key_purpose(crt, GNUTLS_KP_TLS_WWW_SERVER, 0))
        return "The certificate is not one for a server.";
    if (gnutls_x509_crt_get_expiration_time(crt) <= now)
        return "The certificate has expired.";
    if (gnutls_x509_crt_get_activation_time(crt) > now)
        return "The certificate does not hold yet, by this device's clock.";
    return NULL;
}

int certificate_import(const char *chain_pem, const char *key_pem, time_t now,
        struct certificate **ret, const char **ret_problem)
{
    _cleanup_(chain_done) struct chain chain = {};
    _cleanup_(key_done) gnutls_x509_privkey_t key = NULL;
    const char *problem;

    problem = import_chain(chain_pem, &chain);
    if (!problem)
        problem = import_key(key_pem, &key);
    if (!problem && !belong(chain.all[0], key))
        problem = "The private key belongs to another certificate.";
    if (!problem)
        problem = find_fault(chain.all[0], key, now);
    if (problem) {
        *ret_problem = problem;
        return -EBADMSG;
    }
    return make(key, &chain, ret);
}

int certificate_parse(const char *text, struct certificate **ret)
{
    _cleanup_(chain_done) struct chain chain = {};
    _cleanup_(key_done) gnutls_x509_privkey_t key = NULL;

    if (import_chain(text, &chain) || import_key(text, &key) || !belong(chain.all[0], key))
        return -EBADMSG;
    return make(key, &chain, ret);
}

const char *certificate_text(const struct certificate *certificate)
{
    return certificate->text;
}

const char *certificate_key_pem(const struct certificate *certificate)
{
    return certificate->key;
}

const char *certificate_chain_pem(const struct certificate *certificate)
{
    return certificate->chain;
}

time_t certificate_not_after(const struct certificate *certificate)
{
    return gnutls_x509_crt_get_expiration_time(certificate->first);
}

bool certificate_holds(const struct certificate *certificate, time_t now, unsigned spare_days)
{
    return gnutls_x509_crt_get_activation_time(certificate->first) <= now &&
           certificate_not_after(certificate) > now + (time_t)spare_days * DAY_SEC;
}

bool certificate_is_for(const struct certificate *certificate, const char *name)
{
    return gnutls_x509_crt_check_hostname(certificate->first, name);
}

static json_t *names_to_json(gnutls_x509_crt_t crt)
{
    _cleanup_json_ json_t *names = json_array();
    char name[TEXT_MAX];
    size_t size;
    int type;

    for (unsigned i = 0; names; i++) {
        size = sizeof(name);
        type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &size, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        /* What is no text, or too long for a name, is no name that a browser would look for. */
        if (type == GNUTLS_SAN_DNSNAME)
            (void)json_array_append_new(names, json_stringn(name, size));
        else if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
            break;
    }
    return STEAL(names);
}

static json_t *time_to_json(time_t time)
{
    char text[sizeof("2038-01-19T03:14:07Z")];
    struct tm tm;

    gmtime_r(&time, &tm);
    return strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) ? json_string(text)
                                                                   : json_null();
}

static json_t *digest_to_json(gnutls_x509_crt_t crt)
{
    unsigned char bytes[32];
    gnutls_datum_t data = {.data = bytes, .size = sizeof(bytes)};
    size_t size = sizeof(bytes), n_text = 2 * sizeof(bytes) + 1;
    char text[2 * sizeof(bytes) + 1];

    if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, bytes, &size) < 0 ||
            gnutls_hex_encode(&data, text, &n_text) < 0)
        return json_null();
    return json_string(text);
}

static json_t *dn_to_json(gnutls_x509_crt_t crt,
        int (*get)(gnutls_x509_crt_t crt, gnutls_datum_t *dn, unsigned flags))
{
    _cleanup_(datum_done) gnutls_datum_t dn = {};

    if (get(crt, &dn, 0) < 0)
        return json_string("");
    return json_stringn((const char *)dn.data, dn.size) ?: json_string("");
}

json_t *certificate_to_json(const struct certificate *certificate)
{
    gnutls_x509_crt_t crt = certificate->first;

    return json_pack("{so so so so so so}", "subject", dn_to_json(crt, gnutls_x509_crt_get_dn3),
            "issuer", dn_to_json(crt, gnutls_x509_crt_get_issuer_dn3), "names", names_to_json(crt),
            "not_before", time_to_json(gnutls_x509_crt_get_activation_time(crt)), "not_after",
            time_to_json(certificate_not_after(certificate)), "sha256", digest_to_json(crt));
}
