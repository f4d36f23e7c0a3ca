/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of crypto.h share and nobody else needs. */

#include <openssl/bio.h>
#include <stdint.h>

#include "crypto.h"

DEFINE_CLEANUP(BIO *, BIO_free);
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free);

/* Empties OpenSSL's error queue and returns `error`. */
int crypto_error(int error);

/* Refuses to decrypt: without it OpenSSL would ask for a password on the terminal. */
int crypto_no_password(char *buffer, int size, int writing, void *userdata);

/* What was written to a memory BIO, as text; the caller frees *ret. */
int crypto_bio_to_text(BIO *bio, char **ret);

/* `ret` has room for 2 * size + 1. */
void crypto_hex(const uint8_t *data, size_t size, char *ret);

bool crypto_key_is_p256(EVP_PKEY *key);

/* 0 or -EBADMSG. */
int crypto_read_time(const ASN1_TIME *moment, time_t *ret);
