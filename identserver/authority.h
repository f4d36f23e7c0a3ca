/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The factory's CA: makes itself, the bench's own certificate, and the devices'. */

#include <time.h>

#include "crypto.h"
#include "util.h"

#define AUTHORITY_CERTIFICATE "ca.pem"
#define AUTHORITY_KEY "ca.key"
#define AUTHORITY_SERVER_CERTIFICATE "server.pem"
#define AUTHORITY_SERVER_KEY "server.key"

struct authority;

/*
 * Reads CA and key from a folder; the key from $CREDENTIALS_DIRECTORY instead when it is there
 * (LoadCredential=ca.key:… in the unit). -EKEYREJECTED when they don't belong together, -EPERM when
 * others may read the folder's key.
 */
int authority_load(const char *directory, struct authority **ret);

/* Its certificate alone. The caller frees *ret. */
int authority_load_certificate(const char *directory, X509 **ret);

/* Accepts NULL; returns NULL. */
struct authority *authority_free(struct authority *authority);

DEFINE_CLEANUP(struct authority *, authority_free);

/*
 * Makes a CA, and a certificate and key for a bench at this numeric address, durably, in a folder
 * that has none of the files yet (-EEXIST). The keys are 0600.
 */
int authority_init(const char *directory, const char *address);

/* The CA's certificate in PEM. Borrowed. */
const char *authority_pem(const struct authority *authority);

struct issued_certificate {
    char *pem;
    char sha256[CRYPTO_SHA256_HEX_SIZE];
};

/* Certifies a device's public key. Free ret->pem with free(). */
int authority_issue(const struct authority *authority, const char *serial, const char *hostname,
        const char *uuid, EVP_PKEY *key, time_t now, struct issued_certificate *ret);

/* A list of revoked certificates of this CA's, and its signature. */
int authority_crl_new(const struct authority *authority, struct crypto_crl **ret);
int authority_crl_sign(
        const struct authority *authority, struct crypto_crl *crl, time_t now, time_t next);
