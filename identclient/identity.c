/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of the identity folder; the order in which they are written is enrolment.c's. */

#include "identity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <systemd/sd-id128.h>

#include "enrolment-protocol.h"
#include "unbox/store.h"

#define KEY_SIZE_MAX 4096

DEFINE_CLEANUP(struct unbox_store_generation *, unbox_store_generation_free);

static char *path_of(const char *directory, const char *name)
{
    char *path;

    return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

static int read_name(const char *directory, const char *name, char **ret)
{
    _cleanup_free_ char *path = path_of(directory, name);

    return path ? unbox_store_read(path, KEY_SIZE_MAX, ret, NULL) : -ENOMEM;
}

static int write_name(const char *directory, const char *name, const char *text, mode_t mode)
{
    _cleanup_free_ char *path = path_of(directory, name);

    return path ? unbox_store_write(path, text, strlen(text), mode, -1, -1) : -ENOMEM;
}

static int remove_name(const char *directory, const char *name)
{
    _cleanup_free_ char *path = path_of(directory, name);
    int r = path ? unbox_store_remove(path) : -ENOMEM;

    return r < 0 ? r : 0;
}

bool identity_provisioned(const char *directory)
{
    _cleanup_free_ char *path = path_of(directory, "provisioned");

    return path && access(path, F_OK) == 0;
}

int identity_lock(const char *directory, int *ret)
{
    _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
        return -errno;
    *ret = STEAL_FD(fd);
    return 0;
}

/* identity.json of a generation says which attempt it came from. */
static bool belongs(const char *directory, const char *generation, const char *attempt)
{
    _cleanup_json_ json_t *identity = NULL;
    _cleanup_free_ char *path = NULL;
    const char *owner;

    if (asprintf(&path, "%s/%s/" CREDENTIALS_IDENTITY, directory, generation) < 0) {
        path = NULL;
        return false;
    }
    identity = json_load_file(path, 0, NULL);
    owner = json_string_value(json_object_get(identity, "attempt"));
    return owner && strcmp(owner, attempt) == 0;
}

static const char *mode_of(const struct attempt_terms *terms)
{
    return terms->bundle ? "bundle" : "csr";
}

static int digest_of(const struct attempt_terms *terms, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    ret[0] = '\0';
    return terms->token ? crypto_sha256(terms->token, strlen(terms->token), ret) : 0;
}

/* The UUID of the attempt, if these are its terms. */
static int read_attempt(const char *directory, const struct attempt_terms *terms, char **ret_id)
{
    char digest[CRYPTO_SHA256_HEX_SIZE];
    _cleanup_json_ json_t *kept = NULL;
    _cleanup_free_ char *text = NULL;
    const char *id, *kind, *mode, *token;
    int r;

    r = digest_of(terms, digest);
    if (r >= 0)
        r = read_name(directory, "attempt", &text);
    if (r < 0)
        return r;
    kept = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json_unpack(kept, "{s:s, s:s, s:s, s:s}", "id", &id, "kind", &kind, "mode", &mode,
                "token_sha256", &token) < 0)
        return -ENOENT;
    if (!enrolment_uuid_valid(id) || strcmp(kind, terms->kind) != 0 ||
            strcmp(mode, mode_of(terms)) != 0 || strcmp(token, digest) != 0)
        return -ENOENT;
    *ret_id = strdup(id);
    return *ret_id ? 0 : -ENOMEM;
}

static int write_attempt(const char *directory, const struct attempt_terms *terms, const char *id)
{
    char digest[CRYPTO_SHA256_HEX_SIZE];
    _cleanup_json_ json_t *kept = NULL;
    _cleanup_free_ char *text = NULL;
    int r;

    r = digest_of(terms, digest);
    if (r < 0)
        return r;
    kept = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "kind", terms->kind, "mode", mode_of(terms),
            "token_sha256", digest);
    text = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
    return text ? write_name(directory, "attempt", text, 0640) : -ENOMEM;
}

static int read_key(const char *directory, EVP_PKEY **ret)
{
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    int r;

    r = read_name(directory, "attempt.key", &pem);
    if (r < 0)
        return r;
    r = crypto_key_from_pem(pem, ret);
    return r < 0 && r != -EIO ? -ENOENT : r;
}

int identity_attempt_load(
        const char *directory, const struct attempt_terms *terms, struct attempt *ret)
{
    _cleanup_(attempt_done) struct attempt attempt = {};
    int r;

    r = read_attempt(directory, terms, &attempt.id);
    if (r < 0)
        return r;
    attempt.stored =
            belongs(directory, "next", attempt.id) || belongs(directory, "current", attempt.id);
    if (!attempt.stored && !terms->bundle) {
        r = read_key(directory, &attempt.key);
        if (r < 0)
            return r;
    }
    *ret = attempt;
    attempt = (struct attempt){};
    return 0;
}

/* A new key, on the disk. */
static int make_key(const char *directory, EVP_PKEY **ret)
{
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    int r;

    r = crypto_key_new(ret);
    if (r >= 0)
        r = crypto_key_to_pem(*ret, &pem);
    return r < 0 ? r : write_name(directory, "attempt.key", pem, 0600);
}

int identity_attempt_new(
        const char *directory, const struct attempt_terms *terms, struct attempt *ret)
{
    _cleanup_(attempt_done) struct attempt attempt = {};
    char id[SD_ID128_UUID_STRING_MAX];
    sd_id128_t random;
    int r;

    r = sd_id128_randomize(&random);
    if (r < 0)
        return r;
    attempt.id = strdup(sd_id128_to_uuid_string(random, id));
    if (!attempt.id)
        return -ENOMEM;
    /* An attempt of before must not get the new key. */
    r = identity_attempt_drop(directory);
    if (r < 0)
        return r;
    r = terms->bundle ? remove_name(directory, "attempt.key") : make_key(directory, &attempt.key);
    if (r < 0)
        return r;
    r = write_attempt(directory, terms, attempt.id);
    if (r < 0)
        return r;
    *ret = attempt;
    attempt = (struct attempt){};
    return 0;
}

int identity_attempt_drop(const char *directory)
{
    return remove_name(directory, "attempt");
}

void attempt_done(struct attempt *attempt)
{
    free(attempt->id);
    EVP_PKEY_free(attempt->key);
    *attempt = (struct attempt){};
}

static int add_text(
        struct unbox_store_generation *generation, const char *name, const char *text, mode_t mode)
{
    return unbox_store_generation_add(generation, name, text, strlen(text), mode, -1);
}

static int add_identity(struct unbox_store_generation *generation, const struct attempt *attempt,
        const char *serial, const struct enroll_answer *answer)
{
    _cleanup_json_ json_t *identity = NULL;
    _cleanup_free_ char *text = NULL;

    identity = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s*, s:O*}", "serial", serial, "hostname",
            answer->hostname, "uuid", answer->uuid, "enrolment_id", answer->enrolment_id, "attempt",
            attempt->id, "country", answer->country, "cloud", answer->cloud);
    text = identity ? json_dumps(identity, JSON_INDENT(2)) : NULL;
    if (!text)
        return -ENOMEM;
    return add_text(generation, CREDENTIALS_IDENTITY, text, CREDENTIALS_FILE_MODE);
}

/* The attempt's key, or the one that the bench has made. */
static int key_of(const struct attempt *attempt, const struct enroll_answer *answer, char **ret_pem)
{
    if (attempt->key)
        return crypto_key_to_pem(attempt->key, ret_pem);
    *ret_pem = strdup(answer->key ?: "");
    return *ret_pem ? 0 : -ENOMEM;
}

static int add_files(struct unbox_store_generation *generation, const struct attempt *attempt,
        const struct credentials_wanted *wanted, const struct enroll_answer *answer)
{
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    _cleanup_free_ char *certificates = NULL;
    int r;

    r = key_of(attempt, answer, &key);
    if (r < 0)
        return r;
    if (asprintf(&certificates, "%s%s", answer->cert, answer->chain) < 0) {
        certificates = NULL;
        return -ENOMEM;
    }
    r = add_text(generation, CREDENTIALS_CERTIFICATE, certificates, CREDENTIALS_FILE_MODE);
    if (r < 0)
        return r;
    r = add_text(generation, CREDENTIALS_KEY, key, wanted->key_mode);
    if (r < 0)
        return r;
    r = add_text(generation, CREDENTIALS_CA, answer->ca, CREDENTIALS_FILE_MODE);
    if (r < 0)
        return r;
    return add_identity(generation, attempt, wanted->serial, answer);
}

int identity_install(const char *directory, const struct attempt *attempt,
        const struct enroll_answer *answer, const struct credentials_wanted *wanted, bool offer)
{
    _cleanup_(unbox_store_generation_free_p) struct unbox_store_generation *generation = NULL;
    _cleanup_(credentials_done) struct credentials credentials = {};
    int r;

    r = unbox_store_generation_new(directory, -1, &generation);
    if (r < 0)
        return r;
    r = add_files(generation, attempt, wanted, answer);
    if (r < 0)
        return r;
    r = credentials_load(unbox_store_generation_path(generation), wanted, &credentials);
    if (r < 0)
        return r;
    return offer ? unbox_store_generation_offer(generation, credentials.cert_sha256)
                 : unbox_store_generation_commit(generation, credentials.cert_sha256);
}

int identity_stored(const char *directory, const struct attempt *attempt,
        const struct credentials_wanted *wanted, struct credentials *ret)
{
    bool next = belongs(directory, "next", attempt->id);
    _cleanup_free_ char *path = path_of(directory, next ? "next" : "current");

    return path ? credentials_load(path, wanted, ret) : -ENOMEM;
}

int identity_current(
        const char *directory, const struct credentials_wanted *wanted, struct credentials *ret)
{
    _cleanup_free_ char *path = path_of(directory, "current");

    return path ? credentials_load(path, wanted, ret) : -ENOMEM;
}

int identity_adopt(const char *directory, const struct attempt *attempt)
{
    int r = belongs(directory, "next", attempt->id) ? unbox_store_generation_adopt(directory)
                                                    : unbox_store_generation_discard(directory);

    return r < 0 ? r : 0;
}

int identity_abandon(const char *directory)
{
    int r;

    r = identity_attempt_drop(directory);
    if (r >= 0)
        r = unbox_store_generation_discard(directory);
    return r < 0 ? r : 0;
}

static void close_dir_p(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

int identity_tidy(const char *directory)
{
    _cleanup_(close_dir_p) DIR *dir = opendir(directory);
    struct dirent *entry;

    if (!dir)
        return -errno;
    while ((entry = readdir(dir))) {
        int r;

        /* The store writes ".#NAME…" first, and renames it when it is whole. */
        if (strncmp(entry->d_name, ".#", 2) != 0 && strcmp(entry->d_name, "attempt.key") != 0)
            continue;
        r = remove_name(directory, entry->d_name);
        if (r < 0)
            return r;
    }
    return 0;
}

int identity_set_provisioned(const char *directory)
{
    _cleanup_free_ char *path = path_of(directory, "provisioned");

    return path ? unbox_store_flag(path, 0644) : -ENOMEM;
}
