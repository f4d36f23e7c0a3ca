/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * See the header. With GnuTLS, which libnm and libmicrohttpd have brought into the process already,
 * so that it costs no memory.
 */

#include "hotspot-password.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <string.h>

#define LETTERS 12
#define GROUP 4
#define SHA256_SIZE 32
#define TEXT_MAX 256

static const char purpose[] = "unbox hotspot password v1";

/* Without l and o, which look like 1 and 0, and without those two. */
static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
_Static_assert(sizeof(letters) - 1 == 32, "five bits choose one");

static gnutls_datum_t datum(const void *data, size_t size)
{
    return (gnutls_datum_t){.data = (unsigned char *)data, .size = (unsigned)size};
}

int hotspot_password_derive(const char *uuid, const char *serial, const char *secret,
        char ret[static HOTSPOT_PASSWORD_SIZE])
{
    const gnutls_datum_t input = datum(uuid, strlen(uuid)), salt = datum(secret, strlen(secret));
    uint8_t key[SHA256_SIZE], output[LETTERS];
    char text[sizeof(purpose) + TEXT_MAX];
    size_t size = strlen(serial);
    gnutls_datum_t prk, info;
    int r;

    if (size > TEXT_MAX)
        return -EINVAL;
    memcpy(text, purpose, sizeof(purpose));
    memcpy(text + sizeof(purpose), serial, size);
    info = datum(text, sizeof(purpose) + size);
    prk = datum(key, sizeof(key));
    r = gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &input, &salt, key);
    if (r == 0)
        r = gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &prk, &info, output, sizeof(output));
    explicit_bzero(key, sizeof(key));
    if (r < 0)
        return -EIO;
    for (size_t i = 0; i < LETTERS; i++) {
        if (i > 0 && i % GROUP == 0)
            *ret++ = '-';
        *ret++ = letters[output[i] & 31];
    }
    *ret = '\0';
    explicit_bzero(output, sizeof(output));
    return 0;
}
