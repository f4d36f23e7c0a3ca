/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A text of 256 random bits can't be guessed, so that a plain digest of it keeps it safe on the
 * disk; what people choose themselves needs password.c.
 */

#include "secret.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define SIZE 32

_Static_assert(SECRET_SIZE == 2 * SIZE + 1, "two digits a byte");

static int to_hex(uint8_t bytes[static SIZE], char ret[static SECRET_SIZE])
{
    const gnutls_datum_t data = {.data = bytes, .size = SIZE};
    size_t size = SECRET_SIZE;
    int r = gnutls_hex_encode(&data, ret, &size);

    explicit_bzero(bytes, SIZE);
    return r < 0 ? -EIO : 0;
}

int secret_new(char ret[static SECRET_SIZE])
{
    uint8_t bytes[SIZE];

    if (gnutls_rnd(GNUTLS_RND_KEY, bytes, sizeof(bytes)) < 0)
        return -EIO;
    return to_hex(bytes, ret);
}

int secret_digest(const char *purpose, const char *text, char ret[static SECRET_SIZE])
{
    size_t n_purpose = strlen(purpose) + 1, n_text = strlen(text);
    char both[SECRET_TEXT_MAX * 2];
    uint8_t bytes[SIZE];
    int r;

    if (n_purpose > SECRET_TEXT_MAX || n_text > SECRET_TEXT_MAX)
        return -EINVAL;
    memcpy(both, purpose, n_purpose);
    memcpy(both + n_purpose, text, n_text);
    r = gnutls_hash_fast(GNUTLS_DIG_SHA256, both, n_purpose + n_text, bytes);
    explicit_bzero(both, n_purpose + n_text);
    return r < 0 ? -EIO : to_hex(bytes, ret);
}

bool secret_equal(const char *a, const char *b)
{
    size_t size = strlen(a);

    return strlen(b) == size && gnutls_memcmp(a, b, size) == 0;
}
