/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Certificate revocation lists (RFC 5280, section 5). */

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto-internal.h"

DEFINE_CLEANUP(X509_CRL *, X509_CRL_free);
DEFINE_CLEANUP(X509_REVOKED *, X509_REVOKED_free);
DEFINE_CLEANUP(ASN1_TIME *, ASN1_TIME_free);
DEFINE_CLEANUP(ASN1_INTEGER *, ASN1_INTEGER_free);
DEFINE_CLEANUP(BIGNUM *, BN_free);

struct crypto_crl {
    X509_CRL *crl;
};

int crypto_crl_new(X509 *issuer, struct crypto_crl **ret)
{
    _cleanup_(crypto_crl_free_p) struct crypto_crl *crl = calloc(1, sizeof(*crl));

    if (!crl)
        return -ENOMEM;
    crl->crl = X509_CRL_new();
    if (!crl->crl || X509_CRL_set_version(crl->crl, X509_CRL_VERSION_2) != 1 ||
            X509_CRL_set_issuer_name(crl->crl, X509_get_subject_name(issuer)) != 1)
        return crypto_error(-EIO);
    *ret = STEAL(crl);
    return 0;
}

int crypto_crl_from_pem(const char *pem, X509 *issuer, struct crypto_crl **ret)
{
    _cleanup_(crypto_crl_free_p) struct crypto_crl *crl = calloc(1, sizeof(*crl));
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);

    if (!crl || !bio)
        return -ENOMEM;
    crl->crl = PEM_read_bio_X509_CRL(bio, NULL, crypto_no_password, NULL);
    if (!crl->crl)
        return crypto_error(-EBADMSG);
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl->crl), X509_get_subject_name(issuer)) != 0 ||
            X509_CRL_verify(crl->crl, X509_get0_pubkey(issuer)) != 1)
        return crypto_error(-EKEYREJECTED);
    *ret = STEAL(crl);
    return 0;
}

struct crypto_crl *crypto_crl_free(struct crypto_crl *crl)
{
    if (!crl)
        return NULL;
    X509_CRL_free(crl->crl);
    free(crl);
    return NULL;
}

static int number_to_text(const ASN1_INTEGER *number, char **ret)
{
    _cleanup_(BN_free_p) BIGNUM *big = ASN1_INTEGER_to_BN(number, NULL);
    char *hex, *copy;

    hex = big ? BN_bn2hex(big) : NULL;
    if (!hex)
        return crypto_error(-EIO);
    copy = strdup(hex);
    OPENSSL_free(hex);
    if (!copy)
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int crypto_certificate_number(X509 *certificate, char **ret)
{
    return number_to_text(X509_get0_serialNumber(certificate), ret);
}

static int add(struct crypto_crl *crl, const ASN1_INTEGER *number, time_t revoked_at)
{
    _cleanup_(X509_REVOKED_free_p) X509_REVOKED *revoked = X509_REVOKED_new();
    _cleanup_(ASN1_TIME_free_p) ASN1_TIME *at = ASN1_TIME_set(NULL, revoked_at);

    if (!revoked || !at || X509_REVOKED_set_revocationDate(revoked, at) != 1 ||
            X509_REVOKED_set_serialNumber(revoked, (ASN1_INTEGER *)number) != 1 ||
            X509_CRL_add0_revoked(crl->crl, revoked) != 1)
        return crypto_error(-EIO);
    STEAL(revoked);
    return 0;
}

int crypto_crl_add(struct crypto_crl *crl, X509 *certificate, time_t revoked_at)
{
    return add(crl, X509_get0_serialNumber(certificate), revoked_at);
}

int crypto_crl_add_number(struct crypto_crl *crl, const char *number, time_t revoked_at)
{
    _cleanup_(ASN1_INTEGER_free_p) ASN1_INTEGER *integer = NULL;
    BIGNUM *big = NULL;
    int digits = BN_hex2bn(&big, number);

    if (digits > 0 && (size_t)digits == strlen(number))
        integer = BN_to_ASN1_INTEGER(big, NULL);
    BN_free(big);
    return integer ? add(crl, integer, revoked_at) : crypto_error(-EBADMSG);
}

static int tell(const X509_REVOKED *revoked, crypto_crl_fn fn, void *userdata)
{
    _cleanup_free_ char *number = NULL;
    time_t at;
    int r;

    r = number_to_text(X509_REVOKED_get0_serialNumber(revoked), &number);
    if (r >= 0)
        r = crypto_read_time(X509_REVOKED_get0_revocationDate(revoked), &at);
    return r < 0 ? r : fn(number, at, userdata);
}

int crypto_crl_each(struct crypto_crl *crl, crypto_crl_fn fn, void *userdata)
{
    STACK_OF(X509_REVOKED) *list = X509_CRL_get_REVOKED(crl->crl);
    int r = 0;

    for (int i = 0; r >= 0 && i < sk_X509_REVOKED_num(list); i++)
        r = tell(sk_X509_REVOKED_value(list, i), fn, userdata);
    return r < 0 ? r : 0;
}

static int set_times(X509_CRL *crl, time_t now, time_t next)
{
    _cleanup_(ASN1_TIME_free_p) ASN1_TIME *this_update = ASN1_TIME_set(NULL, now);
    _cleanup_(ASN1_TIME_free_p) ASN1_TIME *next_update = ASN1_TIME_set(NULL, next);

    if (!this_update || !next_update || X509_CRL_set1_lastUpdate(crl, this_update) != 1 ||
            X509_CRL_set1_nextUpdate(crl, next_update) != 1)
        return crypto_error(-EIO);
    return 0;
}

/* The two that RFC 5280 demands: which key has signed it, and which of two is the later. */
static int add_extensions(X509_CRL *crl, X509 *issuer, int64_t number)
{
    _cleanup_(ASN1_INTEGER_free_p) ASN1_INTEGER *asn1 = ASN1_INTEGER_new();
    X509_EXTENSION *key;
    X509V3_CTX context;
    int ok;

    X509V3_set_ctx(&context, issuer, NULL, NULL, crl, 0);
    key = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    if (!key)
        return crypto_error(-EIO);
    ok = X509_CRL_add_ext(crl, key, -1);
    X509_EXTENSION_free(key);
    if (ok != 1 || !asn1 || ASN1_INTEGER_set_int64(asn1, number) != 1 ||
            X509_CRL_add1_ext_i2d(crl, NID_crl_number, asn1, 0, 0) != 1)
        return crypto_error(-EIO);
    return 0;
}

int crypto_crl_sign(struct crypto_crl *crl, X509 *issuer, EVP_PKEY *key, time_t now, time_t next)
{
    int r;

    r = set_times(crl->crl, now, next);
    if (r >= 0)
        r = add_extensions(crl->crl, issuer, now);
    if (r < 0)
        return r;
    if (X509_CRL_sort(crl->crl) != 1 || X509_CRL_sign(crl->crl, key, EVP_sha256()) <= 0)
        return crypto_error(-EIO);
    return 0;
}

int crypto_crl_to_pem(struct crypto_crl *crl, char **ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new(BIO_s_mem());

    if (!bio || PEM_write_bio_X509_CRL(bio, crl->crl) != 1)
        return crypto_error(-EIO);
    return crypto_bio_to_text(bio, ret);
}

int crypto_crl_to_der(struct crypto_crl *crl, uint8_t **ret, size_t *ret_size)
{
    _cleanup_free_ uint8_t *copy = NULL;
    uint8_t *der = NULL;
    int size;

    size = i2d_X509_CRL(crl->crl, &der);
    if (size <= 0)
        return crypto_error(-EIO);
    copy = malloc(size);
    if (copy)
        memcpy(copy, der, size);
    OPENSSL_free(der);
    if (!copy)
        return -ENOMEM;
    *ret = STEAL(copy);
    *ret_size = size;
    return 0;
}
