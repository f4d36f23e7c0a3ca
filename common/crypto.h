/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * OpenSSL for the suite: P-256 keys, signatures, digests, certificate requests and certificates.
 *
 * Its error queue ends here, in three negative errnos: -EBADMSG for what can't be parsed,
 * -EKEYREJECTED for what can, but doesn't hold (a signature, a chain, a key of another kind), and
 * -EIO for a library that fails where it should not.
 */

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "util.h"

DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free);
DEFINE_CLEANUP(X509 *, X509_free);

/* A SHA-256 in hexadecimal, with its NUL. */
#define CRYPTO_SHA256_HEX_SIZE 65

/* For text that holds a private key: wiped before its memory goes back. */
static inline void crypto_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

DEFINE_CLEANUP(char *, crypto_secret_free);

/* Makes a P-256 key. 0 or -EIO; the caller frees *ret. */
int crypto_key_new(EVP_PKEY **ret);

/* Unencrypted PKCS#8 in PEM. The caller frees *ret with crypto_secret_free(). */
int crypto_key_to_pem(EVP_PKEY *key, char **ret);

/* Reads one unencrypted private key; -EKEYREJECTED when it isn't on P-256. */
int crypto_key_from_pem(const char *pem, EVP_PKEY **ret);

/* Whether both have the same public half. */
bool crypto_key_equal(const EVP_PKEY *a, const EVP_PKEY *b);

/* SHA-256 over `size` bytes, in lower-case hexadecimal. 0 or -EIO. */
int crypto_sha256(const void *data, size_t size, char ret[static CRYPTO_SHA256_HEX_SIZE]);

/* SHA-256 over the public half (SubjectPublicKeyInfo, RFC 5280), in lower-case hexadecimal. */
int crypto_key_sha256(EVP_PKEY *key, char ret[static CRYPTO_SHA256_HEX_SIZE]);

/* Signs with ECDSA and SHA-256; *ret_base64 is the DER signature in base64, the caller frees it. */
int crypto_sign(EVP_PKEY *key, const void *data, size_t size, char **ret_base64);

/* 0 when the signature holds, -EBADMSG when it isn't base64, -EKEYREJECTED when it doesn't hold. */
int crypto_verify(EVP_PKEY *key, const void *data, size_t size, const char *base64);

/* `size` random bytes in lower-case hexadecimal; the caller frees *ret. */
int crypto_random_hex(size_t size, char **ret);

/*
 * A certificate request (PKCS#10) in PEM for the common name `name`; `challenge` travels in it as
 * challengePassword (RFC 2985), under the key's signature.
 */
int crypto_request_new(EVP_PKEY *key, const char *name, const char *challenge, char **ret_pem);

/* What a certificate request says, once its signature holds. */
struct crypto_request {
    EVP_PKEY *key;
    char *name;
    char *challenge;
};

/* Reads one. Free *ret with crypto_request_done(). -EKEYREJECTED also for a key not on P-256. */
int crypto_request_from_pem(const char *pem, struct crypto_request *ret);
void crypto_request_done(struct crypto_request *request);

enum crypto_certificate_use {
    CRYPTO_CERTIFICATE_CA,
    CRYPTO_CERTIFICATE_SERVER,
    CRYPTO_CERTIFICATE_CLIENT,
};

struct crypto_certificate_options {
    const char *name;      /* common name */
    EVP_PKEY *key;         /* whose public half is certified */
    X509 *issuer;          /* NULL: it signs itself */
    EVP_PKEY *issuer_key;  /* NULL: it signs itself */
    const char *alt_names; /* "IP:7.7.7.7,DNS:bench", as in openssl.cnf; NULL: none */
    enum crypto_certificate_use use;
    time_t not_before;
    time_t not_after;
};

/* Makes and signs a certificate with a random serial number (RFC 5280). The caller frees *ret. */
int crypto_certificate_new(const struct crypto_certificate_options *options, X509 **ret);

/* The first certificate of a PEM text; what stands behind it is not looked at. */
int crypto_certificate_from_pem(const char *pem, X509 **ret);
int crypto_certificate_to_pem(X509 *certificate, char **ret);

/* The same from DER. */
int crypto_certificate_from_der(const void *der, size_t size, X509 **ret);

/* SHA-256 over the whole certificate, in lower-case hexadecimal. */
int crypto_certificate_sha256(X509 *certificate, char ret[static CRYPTO_SHA256_HEX_SIZE]);

/* The one common name of its subject; the caller frees *ret. */
int crypto_certificate_name(X509 *certificate, char **ret);

/*
 * Whether `key_pem`, a private key of any kind under `password` (NULL: none), is that of the first
 * certificate in `certificate_pem`. 0; -EBADMSG: one of them can't be parsed; -EACCES: the password
 * is wrong or missing; -EKEYREJECTED: they belong to others.
 */
int crypto_certificate_check_key(
        const char *certificate_pem, const char *key_pem, const char *password);

/* The moment before which it doesn't hold yet. */
int crypto_certificate_not_before(X509 *certificate, time_t *ret);

/* The moment after which it no longer holds. */
int crypto_certificate_not_after(X509 *certificate, time_t *ret);

/*
 * Whether `certificate` is a client's, leads over `chain_pem` (NULL or "": nothing between) to the
 * one certificate in `ca_pem`, and all of them are valid at `now`. On -EKEYREJECTED *ret_reason is
 * a static text that says why not; may be NULL.
 */
int crypto_certificate_check(X509 *certificate, const char *chain_pem, const char *ca_pem,
        time_t now, const char **ret_reason);

/* Its serial number, in upper-case hexadecimal; the caller frees *ret. */
int crypto_certificate_number(X509 *certificate, char **ret);

/* A list of revoked certificates (RFC 5280, section 5). */
struct crypto_crl;

/* An empty one, to be filled. 0 or a negative errno; free with crypto_crl_free(). */
int crypto_crl_new(X509 *issuer, struct crypto_crl **ret);

/*
 * The one in a PEM text, of whatever day, if it is of this issuer's name and signed with its key:
 * else -EKEYREJECTED, and -EBADMSG for what is no list. Free with crypto_crl_free().
 */
int crypto_crl_from_pem(const char *pem, X509 *issuer, struct crypto_crl **ret);

/* Accepts NULL; returns NULL. */
struct crypto_crl *crypto_crl_free(struct crypto_crl *crl);

DEFINE_CLEANUP(struct crypto_crl *, crypto_crl_free);

int crypto_crl_add(struct crypto_crl *crl, X509 *certificate, time_t revoked_at);

/* The same by its serial number, as crypto_certificate_number() has it; -EBADMSG: it is none. */
int crypto_crl_add_number(struct crypto_crl *crl, const char *number, time_t revoked_at);

/* `number` as above, borrowed. A negative errno ends it. */
typedef int (*crypto_crl_fn)(const char *number, time_t revoked_at, void *userdata);

/* Goes through all of them. 0, what `fn` has ended it with, or another negative errno. */
int crypto_crl_each(struct crypto_crl *crl, crypto_crl_fn fn, void *userdata);

/* Once all are added: it is of `now`, which is its number too, and the next one comes by `next`. */
int crypto_crl_sign(struct crypto_crl *crl, X509 *issuer, EVP_PKEY *key, time_t now, time_t next);

/* A signed one. The caller frees *ret with free(). */
int crypto_crl_to_pem(struct crypto_crl *crl, char **ret);
int crypto_crl_to_der(struct crypto_crl *crl, uint8_t **ret, size_t *ret_size);
