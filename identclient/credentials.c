/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads and checks a folder of serial certs, item by item, in the order in which one needs them. */

#include "credentials.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "enrolment-protocol.h"
#include "unbox/store.h"

#define FILE_SIZE_MAX (128 * 1024)

/* A check under way: what has been read so far, and who wants to hear of it. */
struct check {
    const char *folder;
    const struct credentials_wanted *wanted;
    char *certificate_pem;
    char *key_pem;
    char *ca_pem;
    struct credentials credentials;
};

static int good(struct check *check, const char *item)
{
    if (check->wanted->fn)
        check->wanted->fn(item, NULL, check->wanted->userdata);
    return 0;
}

_printf_(3, 4) static int bad(struct check *check, const char *item, const char *format, ...)
{
    char problem[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(problem, sizeof(problem), format, args);
    va_end(args);
    if (check->wanted->fn)
        check->wanted->fn(item, problem, check->wanted->userdata);
    return -EKEYREJECTED;
}

static int read_file(struct check *check, const char *name, mode_t mode, char **ret)
{
    _cleanup_free_ char *path = NULL;
    struct stat st;
    int r;

    if (asprintf(&path, "%s/%s", check->folder, name) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (lstat(path, &st) < 0)
        return bad(check, name, "%s", strerror(errno));
    /* Encrypted at rest it is a link into memory; see seal.h. */
    if (S_ISLNK(st.st_mode) && stat(path, &st) < 0)
        return bad(check, name,
                "encrypted, and not decrypted since the boot: see "
                "identclient-seal.service");
    if (!S_ISREG(st.st_mode))
        return bad(check, name, "not a regular file");
    if ((st.st_mode & 07777 & ~mode) != 0)
        return bad(check, name, "its mode is %04o, more than %04o", st.st_mode & 07777, mode);
    r = unbox_store_read(path, FILE_SIZE_MAX, ret, NULL);
    if (r < 0)
        return bad(check, name, "%s", strerror(-r));
    return good(check, name);
}

static int check_identity(struct check *check)
{
    struct credentials *credentials = &check->credentials;
    _cleanup_free_ char *text = NULL;
    json_error_t error;
    int r;

    r = read_file(check, CREDENTIALS_IDENTITY, CREDENTIALS_FILE_MODE, &text);
    if (r < 0)
        return r;
    credentials->identity = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!credentials->identity)
        return bad(check, "identity", "line %d: %s", error.line, error.text);
    if (json_unpack_ex(credentials->identity, &error, 0, "{s:s, s:s, s:s}", "attempt",
                &credentials->attempt, "enrolment_id", &credentials->enrolment_id, "hostname",
                &credentials->hostname) < 0)
        return bad(check, "identity", "%s", error.text);
    if (!enrolment_uuid_valid(credentials->attempt) ||
            !enrolment_uuid_valid(credentials->enrolment_id))
        return bad(check, "identity", "attempt and enrolment_id must be UUIDs");
    return good(check, "identity");
}

static int check_hostname(struct check *check)
{
    if (!enrolment_hostname_valid(check->credentials.hostname))
        return bad(check, "hostname", "'%.80s' is not one label of a hostname",
                check->credentials.hostname);
    return good(check, "hostname");
}

static int check_certificate(struct check *check)
{
    struct credentials *credentials = &check->credentials;
    _cleanup_free_ char *name = NULL;
    int r;

    r = crypto_certificate_from_pem(check->certificate_pem, &credentials->certificate);
    if (r < 0)
        return bad(check, "certificate", "not a certificate");
    r = crypto_certificate_sha256(credentials->certificate, credentials->cert_sha256);
    if (r < 0)
        return r;
    r = crypto_certificate_name(credentials->certificate, &name);
    if (r < 0)
        return bad(check, "certificate", "it names nobody");
    if (strcmp(name, check->wanted->serial) != 0)
        return bad(check, "certificate", "it is for serial %.80s, this device is %s", name,
                check->wanted->serial);
    return good(check, "certificate");
}

static int check_key(struct check *check)
{
    struct credentials *credentials = &check->credentials;
    EVP_PKEY *certified = X509_get0_pubkey(credentials->certificate);
    int r;

    r = crypto_key_from_pem(check->key_pem, &credentials->key);
    if (r < 0)
        return bad(check, "key", "not a private key on P-256");
    if (!certified || !crypto_key_equal(credentials->key, certified))
        return bad(check, "key", "it does not belong to the certificate");
    return good(check, "key");
}

static int check_chain(struct check *check)
{
    const char *reason = "the chain can't be read";
    int r;

    r = crypto_certificate_check(check->credentials.certificate, check->certificate_pem,
            check->ca_pem, check->wanted->now, &reason);
    if (r < 0)
        return bad(check, "chain", "%s", reason);
    return good(check, "chain");
}

/* A file that is missing hides the others from nobody: all are looked at before anything is read
 * into them. */
static int check_files(struct check *check)
{
    const struct {
        const char *name;
        mode_t mode;
        char **text;
    } files[] = {
            {CREDENTIALS_CERTIFICATE, CREDENTIALS_FILE_MODE, &check->certificate_pem},
            {CREDENTIALS_KEY, check->wanted->key_mode, &check->key_pem},
            {CREDENTIALS_CA, CREDENTIALS_FILE_MODE, &check->ca_pem},
    };
    int result = 0;

    for (size_t i = 0; i < ELEMENTSOF(files); i++) {
        int r = read_file(check, files[i].name, files[i].mode, files[i].text);

        result = result ?: r;
    }
    return result;
}

static void check_done(struct check *check)
{
    free(check->certificate_pem);
    crypto_secret_free(check->key_pem);
    free(check->ca_pem);
    credentials_done(&check->credentials);
}

int credentials_load(
        const char *folder, const struct credentials_wanted *wanted, struct credentials *ret)
{
    static int (*const checks[])(struct check * check) = {
            check_files, check_identity, check_hostname, check_certificate, check_key, check_chain};
    _cleanup_(check_done) struct check check = {.folder = folder, .wanted = wanted};
    struct stat st;

    if (stat(folder, &st) < 0)
        return -errno;
    for (size_t i = 0; i < ELEMENTSOF(checks); i++) {
        int r = checks[i](&check);

        if (r < 0)
            return r;
    }
    *ret = check.credentials;
    check.credentials = (struct credentials){};
    return 0;
}

void credentials_done(struct credentials *credentials)
{
    json_decref(credentials->identity);
    EVP_PKEY_free(credentials->key);
    X509_free(credentials->certificate);
    *credentials = (struct credentials){};
}
