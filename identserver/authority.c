/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keys and certificates of the bench, on disk and in use. */

#include "authority.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unbox/store.h"

#define DAY (24 * 60 * 60)
#define CA_DAYS (30 * 365)
#define SERVER_DAYS (10 * 365)
#define DEVICE_DAYS (10 * 365)
/* Clocks of a factory differ. */
#define SKEW DAY
#define PEM_SIZE_MAX (64 * 1024)

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
    char *pem;
};

static int read_name(const char *directory, const char *name, char **ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return unbox_store_read(path, PEM_SIZE_MAX, ret, NULL);
}

static int write_name(const char *directory, const char *name, const char *text, mode_t mode)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (access(path, F_OK) == 0)
        return -EEXIST;
    return unbox_store_write(path, text, strlen(text), mode, -1, -1);
}

/* What others could read would be everybody's CA. */
static int check_mode(const char *directory, const char *name)
{
    _cleanup_free_ char *path = NULL;
    struct stat st;

    if (asprintf(&path, "%s/%s", directory, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (stat(path, &st) < 0)
        return -errno;
    return st.st_mode & 077 ? -EPERM : 0;
}

static int read_key(const char *directory, char **ret)
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    int r = -ENOENT;

    if (credentials)
        r = read_name(credentials, AUTHORITY_KEY, ret);
    if (r != -ENOENT)
        return r;
    r = check_mode(directory, AUTHORITY_KEY);
    return r < 0 ? r : read_name(directory, AUTHORITY_KEY, ret);
}

int authority_load(const char *directory, struct authority **ret)
{
    _cleanup_(authority_free_p) struct authority *authority = calloc(1, sizeof(*authority));
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    int r;

    if (!authority)
        return -ENOMEM;
    r = read_name(directory, AUTHORITY_CERTIFICATE, &authority->pem);
    if (r < 0)
        return r;
    r = read_key(directory, &key);
    if (r < 0)
        return r;
    r = crypto_certificate_from_pem(authority->pem, &authority->certificate);
    if (r < 0)
        return r;
    r = crypto_key_from_pem(key, &authority->key);
    if (r < 0)
        return r;
    if (!crypto_key_equal(authority->key, X509_get0_pubkey(authority->certificate)))
        return -EKEYREJECTED;
    *ret = STEAL(authority);
    return 0;
}

int authority_load_certificate(const char *directory, X509 **ret)
{
    _cleanup_free_ char *pem = NULL;
    int r = read_name(directory, AUTHORITY_CERTIFICATE, &pem);

    return r < 0 ? r : crypto_certificate_from_pem(pem, ret);
}

struct authority *authority_free(struct authority *authority)
{
    if (!authority)
        return NULL;
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    free(authority->pem);
    free(authority);
    return NULL;
}

const char *authority_pem(const struct authority *authority)
{
    return authority->pem;
}

/* Certificate and key, written key first: a certificate without its key would be of no use. */
static int make_pair(const char *directory, const char *certificate_name, const char *key_name,
        const struct crypto_certificate_options *options, X509 **ret)
{
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    _cleanup_free_ char *pem = NULL;
    int r;

    r = crypto_certificate_new(options, &certificate);
    if (r < 0)
        return r;
    r = crypto_certificate_to_pem(certificate, &pem);
    if (r < 0)
        return r;
    r = crypto_key_to_pem(options->key, &key);
    if (r < 0)
        return r;
    r = write_name(directory, key_name, key, 0600);
    if (r < 0)
        return r;
    r = write_name(directory, certificate_name, pem, 0644);
    if (r < 0)
        return r;
    *ret = STEAL(certificate);
    return 0;
}

int authority_init(const char *directory, const char *address)
{
    _cleanup_(EVP_PKEY_free_p) EVP_PKEY *ca_key = NULL, *server_key = NULL;
    _cleanup_(X509_free_p) X509 *ca = NULL, *server = NULL;
    struct crypto_certificate_options options = {
            .name = "unbox factory CA",
            .use = CRYPTO_CERTIFICATE_CA,
            .not_before = time(NULL) - SKEW,
            .not_after = time(NULL) + (time_t)CA_DAYS * DAY,
    };
    char alt_names[64];
    int r;

    r = crypto_key_new(&ca_key);
    if (r < 0)
        return r;
    r = crypto_key_new(&server_key);
    if (r < 0)
        return r;
    options.key = ca_key;
    r = make_pair(directory, AUTHORITY_CERTIFICATE, AUTHORITY_KEY, &options, &ca);
    if (r < 0)
        return r;
    (void)snprintf(alt_names, sizeof(alt_names), "IP:%s", address);
    options = (struct crypto_certificate_options){
            .name = "unbox factory bench",
            .key = server_key,
            .issuer = ca,
            .issuer_key = ca_key,
            .alt_names = alt_names,
            .use = CRYPTO_CERTIFICATE_SERVER,
            .not_before = time(NULL) - SKEW,
            .not_after = time(NULL) + (time_t)SERVER_DAYS * DAY,
    };
    return make_pair(
            directory, AUTHORITY_SERVER_CERTIFICATE, AUTHORITY_SERVER_KEY, &options, &server);
}

int authority_issue(const struct authority *authority, const char *serial, const char *hostname,
        const char *uuid, EVP_PKEY *key, time_t now, struct issued_certificate *ret)
{
    char alt_names[160];
    const struct crypto_certificate_options options = {
            .name = serial,
            .key = key,
            .issuer = authority->certificate,
            .issuer_key = authority->key,
            .alt_names = alt_names,
            .use = CRYPTO_CERTIFICATE_CLIENT,
            .not_before = now - SKEW,
            .not_after = now + (time_t)DEVICE_DAYS * DAY,
    };
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    int r;

    (void)snprintf(alt_names, sizeof(alt_names), "URI:urn:uuid:%s,DNS:%s", uuid, hostname);
    r = crypto_certificate_new(&options, &certificate);
    if (r < 0)
        return r;
    r = crypto_certificate_sha256(certificate, ret->sha256);
    if (r < 0)
        return r;
    return crypto_certificate_to_pem(certificate, &ret->pem);
}

int authority_crl_new(const struct authority *authority, struct crypto_crl **ret)
{
    return crypto_crl_new(authority->certificate, ret);
}

int authority_crl_sign(
        const struct authority *authority, struct crypto_crl *crl, time_t now, time_t next)
{
    return crypto_crl_sign(crl, authority->certificate, authority->key, now, next);
}
