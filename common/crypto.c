/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys, signatures and digests; crypto-certificate.c has what is made of them. */

#include "crypto.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "crypto-internal.h"

int crypto_error(int error)
{
    ERR_clear_error();
    return error;
}

int crypto_no_password(char *buffer, int size, int writing, void *userdata)
{
    return -1;
}

int crypto_bio_to_text(BIO *bio, char **ret)
{
    char *data, *text;
    long size;

    size = BIO_get_mem_data(bio, &data);
    if (size <= 0)
        return crypto_error(-EIO);
    text = strndup(data, size);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

void crypto_hex(const uint8_t *data, size_t size, char *ret)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        ret[2 * i] = digits[data[i] >> 4];
        ret[2 * i + 1] = digits[data[i] & 15];
    }
    ret[2 * size] = '\0';
}

bool crypto_key_is_p256(EVP_PKEY *key)
{
    char group[32];

    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

int crypto_key_new(EVP_PKEY **ret)
{
    EVP_PKEY *key;

    key = EVP_EC_gen("P-256");
    if (!key)
        return crypto_error(-EIO);
    *ret = key;
    return 0;
}

int crypto_key_to_pem(EVP_PKEY *key, char **ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new(BIO_s_secmem());

    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_error(-EIO);
    return crypto_bio_to_text(bio, ret);
}

int crypto_key_from_pem(const char *pem, EVP_PKEY **ret)
{
    _cleanup_(BIO_free_p) BIO *bio = BIO_new_mem_buf(pem, -1);
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *key = NULL;

    if (!bio)
        return crypto_error(-EIO);
    key = PEM_read_bio_PrivateKey(bio, NULL, crypto_no_password, NULL);
    if (!key)
        return crypto_error(-EBADMSG);
    if (!crypto_key_is_p256(key))
        return crypto_error(-EKEYREJECTED);
    *ret = STEAL(key);
    return 0;
}

bool crypto_key_equal(const EVP_PKEY *a, const EVP_PKEY *b)
{
    bool equal = EVP_PKEY_eq(a, b) == 1;

    ERR_clear_error();
    return equal;
}

int crypto_sha256(const void *data, size_t size, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t digest_size;

    if (EVP_Q_digest(NULL, "SHA256", NULL, data, size, digest, &digest_size) != 1)
        return crypto_error(-EIO);
    crypto_hex(digest, digest_size, ret);
    return 0;
}

int crypto_key_sha256(EVP_PKEY *key, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    uint8_t *der = NULL;
    int size, r;

    size = i2d_PUBKEY(key, &der);
    if (size <= 0)
        return crypto_error(-EIO);
    r = crypto_sha256(der, size, ret);
    OPENSSL_free(der);
    return r;
}

int crypto_sign(EVP_PKEY *key, const void *data, size_t size, char **ret_base64)
{
    _cleanup_(EVP_MD_CTX_free_p) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[256];
    size_t signature_size = sizeof(signature);
    char *base64;

    if (!context || EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
            EVP_DigestSign(context, signature, &signature_size, data, size) != 1)
        return crypto_error(-EIO);
    base64 = malloc(4 * ((signature_size + 2) / 3) + 1);
    if (!base64)
        return -ENOMEM;
    EVP_EncodeBlock((uint8_t *)base64, signature, signature_size);
    *ret_base64 = base64;
    return 0;
}

/* EVP_DecodeBlock() counts the padding as content, so it has to be taken off again. */
static int base64_decode(const char *base64, uint8_t *buffer, size_t size, size_t *ret_size)
{
    size_t length = strlen(base64);
    int decoded;

    if (length == 0 || length % 4 != 0 || length / 4 * 3 > size)
        return -EBADMSG;
    decoded = EVP_DecodeBlock(buffer, (const uint8_t *)base64, length);
    if (decoded < 0)
        return crypto_error(-EBADMSG);
    *ret_size = decoded - (base64[length - 1] == '=') - (base64[length - 2] == '=');
    return 0;
}

int crypto_verify(EVP_PKEY *key, const void *data, size_t size, const char *base64)
{
    _cleanup_(EVP_MD_CTX_free_p) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[256];
    size_t signature_size = 0;
    int r;

    r = base64_decode(base64, signature, sizeof(signature), &signature_size);
    if (r < 0)
        return r;
    if (!context || EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1)
        return crypto_error(-EIO);
    if (EVP_DigestVerify(context, signature, signature_size, data, size) != 1)
        return crypto_error(-EKEYREJECTED);
    return 0;
}

int crypto_random_hex(size_t size, char **ret)
{
    _cleanup_free_ uint8_t *bytes = malloc(size);
    _cleanup_free_ char *hex = malloc(2 * size + 1);

    if (!bytes || !hex)
        return -ENOMEM;
    if (RAND_bytes(bytes, size) != 1)
        return crypto_error(-EIO);
    crypto_hex(bytes, size, hex);
    *ret = STEAL(hex);
    return 0;
}
