/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One line: what crypt(3) gave. It is replaced whole or not at all. Who has forgotten it resets the
 * device to its factory state, or removes the file as root.
 */

#include "password.h"

#include <stdio.h>
#include <string.h>

#include "hasher.h"
#include "secret.h"
#include "unbox/store.h"

#define FILE_MAX 512

struct password {
    struct hasher *hasher;
    char *path;
    char *hash; /* NULL: none is set */
};

struct request {
    struct password *password;
    char *expected; /* NULL: the hash is to be stored */
    bool first;
    password_done done;
    void *userdata;
};

static struct request *request_free(struct request *request)
{
    free(request->expected);
    free(request);
    return NULL;
}

DEFINE_CLEANUP(struct request *, request_free);

int password_new(sd_event *event, const char *folder, struct password **ret)
{
    _cleanup_(password_free_p) struct password *password = calloc(1, sizeof(*password));
    int r;

    if (!password)
        return -ENOMEM;
    if (asprintf(&password->path, "%s/password", folder) < 0) {
        password->path = NULL;
        return -ENOMEM;
    }
    r = unbox_store_read(password->path, FILE_MAX, &password->hash, NULL);
    if (r < 0 && r != -ENOENT)
        return r;
    /* Whatever the file holds, there is one: a broken one opens nothing. */
    if (password->hash)
        password->hash[strcspn(password->hash, "\n")] = '\0';
    r = hasher_new(event, &password->hasher);
    if (r < 0)
        return r;
    *ret = STEAL(password);
    return 0;
}

struct password *password_free(struct password *password)
{
    if (!password)
        return NULL;
    hasher_free(password->hasher);
    free(password->path);
    free(password->hash);
    free(password);
    return NULL;
}

bool password_is_set(const struct password *password)
{
    return password->hash;
}

const char *password_problem(const char *phrase)
{
    size_t characters = 0;

    /* Not those that go on a character of UTF-8. */
    for (const char *at = phrase; *at; at++)
        characters += (*at & 0xc0) != 0x80;
    if (characters < PASSWORD_MIN)
        return "A device password has at least 8 characters.";
    if (characters > PASSWORD_MAX)
        return "A device password has at most 128 characters.";
    return NULL;
}

static int store(struct password *password, const char *hash, bool first)
{
    _cleanup_free_ char *line = NULL;
    int r;

    if (first && password->hash)
        return -EEXIST;
    if (asprintf(&line, "%s\n", hash) < 0) {
        line = NULL;
        return -ENOMEM;
    }
    r = unbox_store_write(password->path, line, strlen(line), 0600, -1, -1);
    if (r < 0)
        return r;
    line[strlen(hash)] = '\0';
    free(password->hash);
    password->hash = STEAL(line);
    return 0;
}

static void on_hash(int error, const char *hash, void *userdata)
{
    _cleanup_(request_free_p) struct request *request = userdata;
    int result;

    if (!request->expected)
        result = error < 0 ? error : store(request->password, hash, request->first);
    else if (error == -EINVAL) /* what is kept is no hash: nothing matches it */
        result = 0;
    else
        result = error < 0 ? error : secret_equal(hash, request->expected);
    request->done(result, request->userdata);
}

static int start(struct password *password, const char *phrase, const char *expected, bool first,
        password_done done, void *userdata)
{
    _cleanup_(request_free_p) struct request *request = calloc(1, sizeof(*request));
    int r;

    if (!request)
        return -ENOMEM;
    *request = (struct request){password, NULL, first, done, userdata};
    if (expected) {
        request->expected = strdup(expected);
        if (!request->expected)
            return -ENOMEM;
    }
    r = hasher_start(password->hasher, phrase, expected, on_hash, request);
    if (r < 0)
        return r;
    STEAL(request);
    return 0;
}

int password_check(
        struct password *password, const char *phrase, password_done done, void *userdata)
{
    if (!password->hash)
        return -ENOENT;
    return start(password, phrase, password->hash, false, done, userdata);
}

int password_set(struct password *password, const char *phrase, bool first, password_done done,
        void *userdata)
{
    if (first && password->hash)
        return -EEXIST;
    return start(password, phrase, NULL, first, done, userdata);
}
