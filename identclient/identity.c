/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files of the identity folder; the order in which they are written is enrolment.c's. */

#include "identity.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
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

/* identity.json of the current generation says which attempt it came from. */
static bool current_belongs(const char *directory, const char *attempt)
{
    _cleanup_free_ char *path = path_of(directory, "current/" CREDENTIALS_IDENTITY);
    _cleanup_json_ json_t *identity = path ? json_load_file(path, 0, NULL) : NULL;
    const char *owner = json_string_value(json_object_get(identity, "attempt"));

    return owner && strcmp(owner, attempt) == 0;
}

int identity_attempt_load(const char *directory, struct attempt *ret)
{
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    _cleanup_free_ char *id = NULL;
    EVP_PKEY *key = NULL;
    int r;

    r = read_name(directory, "attempt", &id);
    if (r < 0)
        return r;
    if (!enrolment_uuid_valid(id))
        return -ENOENT;
    if (!current_belongs(directory, id)) {
        r = read_name(directory, "attempt.key", &pem);
        if (r < 0)
            return r;
        r = crypto_key_from_pem(pem, &key);
        if (r < 0)
            return r == -EIO ? r : -ENOENT;
    }
    *ret = (struct attempt){.id = STEAL(id), .key = key};
    return 0;
}

int identity_attempt_new(const char *directory, struct attempt *ret)
{
    _cleanup_(attempt_done) struct attempt attempt = {};
    _cleanup_(crypto_secret_free_p) char *pem = NULL;
    char id[SD_ID128_UUID_STRING_MAX];
    sd_id128_t random;
    int r;

    r = sd_id128_randomize(&random);
    if (r < 0)
        return r;
    attempt.id = strdup(sd_id128_to_uuid_string(random, id));
    if (!attempt.id)
        return -ENOMEM;
    r = crypto_key_new(&attempt.key);
    if (r < 0)
        return r;
    r = crypto_key_to_pem(attempt.key, &pem);
    if (r < 0)
        return r;
    /* An attempt of before must not get the new key. */
    r = identity_attempt_drop(directory);
    if (r < 0)
        return r;
    r = write_name(directory, "attempt.key", pem, 0600);
    if (r < 0)
        return r;
    r = write_name(directory, "attempt", attempt.id, 0640);
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

    identity = json_pack("{s:s, s:s, s:s, s:s, s:s, s:O*}", "serial", serial, "hostname",
            answer->hostname, "uuid", answer->uuid, "enrolment_id", answer->enrolment_id, "attempt",
            attempt->id, "cloud", answer->cloud);
    text = identity ? json_dumps(identity, JSON_INDENT(2)) : NULL;
    if (!text)
        return -ENOMEM;
    return add_text(generation, CREDENTIALS_IDENTITY, text, CREDENTIALS_FILE_MODE);
}

static int add_files(struct unbox_store_generation *generation, const struct attempt *attempt,
        const char *serial, const struct enroll_answer *answer)
{
    _cleanup_(crypto_secret_free_p) char *key = NULL;
    _cleanup_free_ char *certificates = NULL;
    int r;

    r = crypto_key_to_pem(attempt->key, &key);
    if (r < 0)
        return r;
    if (asprintf(&certificates, "%s%s", answer->cert, answer->chain) < 0) {
        certificates = NULL;
        return -ENOMEM;
    }
    r = add_text(generation, CREDENTIALS_CERTIFICATE, certificates, CREDENTIALS_FILE_MODE);
    if (r < 0)
        return r;
    r = add_text(generation, CREDENTIALS_KEY, key, CREDENTIALS_KEY_MODE);
    if (r < 0)
        return r;
    r = add_text(generation, CREDENTIALS_CA, answer->ca, CREDENTIALS_FILE_MODE);
    if (r < 0)
        return r;
    return add_identity(generation, attempt, serial, answer);
}

int identity_install(const char *directory, const struct attempt *attempt, const char *serial,
        const struct enroll_answer *answer, time_t now, credentials_item_fn fn, void *userdata)
{
    _cleanup_(unbox_store_generation_free_p) struct unbox_store_generation *generation = NULL;
    _cleanup_(credentials_done) struct credentials credentials = {};
    int r;

    r = unbox_store_generation_new(directory, -1, &generation);
    if (r < 0)
        return r;
    r = add_files(generation, attempt, serial, answer);
    if (r < 0)
        return r;
    r = credentials_load(
            unbox_store_generation_path(generation), serial, now, fn, userdata, &credentials);
    if (r < 0)
        return r;
    return unbox_store_generation_commit(generation, credentials.cert_sha256);
}

int identity_current(const char *directory, const char *serial, time_t now, credentials_item_fn fn,
        void *userdata, struct credentials *ret)
{
    _cleanup_free_ char *path = path_of(directory, "current");

    return path ? credentials_load(path, serial, now, fn, userdata, ret) : -ENOMEM;
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
