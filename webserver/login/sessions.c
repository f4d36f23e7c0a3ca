/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sessions.h"

#include <stdio.h>
#include <string.h>

#include "unbox/store.h"

#define FILE_MAX (32 * 1024)
#define PURPOSE "session"
/* Written down more often it would wear out the card, for a restart that seldom comes. */
#define SAVE_USEC (60 * USEC_PER_SEC)

struct sessions {
    char *path;
    char *boot;
    struct session all[SESSIONS_MAX];
    size_t n;
    uint64_t saved_usec;
};

static bool is_over(const struct session *session, uint64_t now_usec)
{
    return session->used_usec + SESSION_IDLE_SEC * USEC_PER_SEC <= now_usec;
}

/* One entry of the file; what is wrong or over is left out. */
static void read_entry(struct sessions *sessions, const json_t *entry, uint64_t now_usec)
{
    struct session *session = &sessions->all[sessions->n];
    const char *digest, *access_token;
    json_t *scopes;
    json_int_t used;

    if (sessions->n == SESSIONS_MAX ||
            json_unpack((json_t *)entry, "{s:s, s:s, s:o, s:I}", "digest", &digest, "access_token",
                    &access_token, "scopes", &scopes, "used", &used) < 0 ||
            strlen(digest) != SECRET_SIZE - 1 || used < 0 || (uint64_t)used > now_usec)
        return;
    *session = (struct session){.used_usec = used};
    if (!copy_text(session->digest, sizeof(session->digest), digest) ||
            !copy_text(session->access_token, sizeof(session->access_token), access_token) ||
            scopes_from_json(scopes, &session->scopes) < 0 || is_over(session, now_usec))
        return;
    sessions->n++;
}

static int load(struct sessions *sessions, uint64_t now_usec)
{
    _cleanup_json_ json_t *file = NULL;
    _cleanup_free_ char *text = NULL;
    json_t *list, *entry;
    const char *boot;
    size_t i;
    int r;

    r = unbox_store_read(sessions->path, FILE_MAX, &text, NULL);
    if (r < 0)
        return r == -ENOENT || r == -EFBIG ? 0 : r;
    file = json_loads(text, 0, NULL);
    if (!file || json_unpack(file, "{s:s, s:o}", "boot", &boot, "sessions", &list) < 0 ||
            strcmp(boot, sessions->boot) != 0)
        return 0;
    json_array_foreach (list, i, entry)
        read_entry(sessions, entry, now_usec);
    return 0;
}

static json_t *to_json(const struct sessions *sessions)
{
    _cleanup_json_ json_t *list = json_array();

    for (size_t i = 0; i < sessions->n; i++) {
        const struct session *session = &sessions->all[i];

        if (json_array_append_new(
                    list, json_pack("{ss ss so sI}", "digest", session->digest, "access_token",
                                  session->access_token, "scopes", scopes_to_json(session->scopes),
                                  "used", (json_int_t)session->used_usec)) < 0)
            return NULL;
    }
    return json_pack("{ss sO}", "boot", sessions->boot, "sessions", list);
}

static int save(struct sessions *sessions)
{
    _cleanup_json_ json_t *file = to_json(sessions);
    _cleanup_free_ char *text = file ? json_dumps(file, JSON_INDENT(1)) : NULL;

    return text ? unbox_store_write(sessions->path, text, strlen(text), 0600, -1, -1) : -ENOMEM;
}

int sessions_new(const char *folder, const char *boot, uint64_t now_usec, struct sessions **ret)
{
    _cleanup_(sessions_free_p) struct sessions *sessions = calloc(1, sizeof(*sessions));
    int r;

    if (!sessions)
        return -ENOMEM;
    if (asprintf(&sessions->path, "%s/sessions.json", folder) < 0) {
        sessions->path = NULL;
        return -ENOMEM;
    }
    sessions->boot = strdup(boot);
    if (!sessions->boot)
        return -ENOMEM;
    r = load(sessions, now_usec);
    if (r < 0)
        return r;
    sessions->saved_usec = now_usec;
    *ret = STEAL(sessions);
    return 0;
}

struct sessions *sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return NULL;
    free(sessions->path);
    free(sessions->boot);
    free(sessions);
    return NULL;
}

/* Room for a new one: at the end, or where the one was that has been left alone longest. */
static struct session *make_room(struct sessions *sessions)
{
    struct session *oldest = &sessions->all[0];

    if (sessions->n < SESSIONS_MAX)
        return &sessions->all[sessions->n++];
    for (size_t i = 1; i < sessions->n; i++) {
        if (sessions->all[i].used_usec < oldest->used_usec)
            oldest = &sessions->all[i];
    }
    return oldest;
}

static void drop(struct sessions *sessions, struct session *session)
{
    *session = sessions->all[--sessions->n];
}

int sessions_open(struct sessions *sessions, uint64_t now_usec, unsigned scopes,
        const char *access_token, char ret[static SECRET_SIZE])
{
    struct session session = {.scopes = scopes, .used_usec = now_usec};
    char token[SECRET_SIZE];
    int r;

    if (!copy_text(session.access_token, sizeof(session.access_token), access_token))
        return -EINVAL;
    r = secret_new(token);
    if (r == 0)
        r = secret_digest(PURPOSE, token, session.digest);
    if (r < 0)
        return r;
    *make_room(sessions) = session;
    r = save(sessions);
    /* Without a place to write he is logged in until the next restart: better than not at all. */
    if (r < 0 && r != -ENOSPC && r != -EROFS && r != -EDQUOT)
        return r;
    memcpy(ret, token, sizeof(token));
    explicit_bzero(token, sizeof(token));
    return 0;
}

struct session *sessions_find(struct sessions *sessions, uint64_t now_usec, const char *token)
{
    char digest[SECRET_SIZE];

    if (strlen(token) != SECRET_SIZE - 1 || secret_digest(PURPOSE, token, digest) < 0)
        return NULL;
    return sessions_find_digest(sessions, now_usec, digest);
}

struct session *sessions_find_digest(
        struct sessions *sessions, uint64_t now_usec, const char *digest)
{
    struct session *found = NULL;

    for (size_t i = sessions->n; i-- > 0;) {
        if (is_over(&sessions->all[i], now_usec))
            drop(sessions, &sessions->all[i]);
    }
    for (size_t i = 0; i < sessions->n; i++) {
        if (secret_equal(sessions->all[i].digest, digest))
            found = &sessions->all[i];
    }
    return found;
}

int sessions_touch(struct sessions *sessions, uint64_t now_usec, struct session *session)
{
    session->used_usec = now_usec;
    if (now_usec < sessions->saved_usec + SAVE_USEC)
        return 0;
    /* Also when it fails: not at every request. */
    sessions->saved_usec = now_usec;
    return save(sessions);
}

int sessions_close(struct sessions *sessions, struct session *session)
{
    drop(sessions, session);
    return save(sessions);
}

int sessions_close_of(struct sessions *sessions, const char *access_token)
{
    size_t before = sessions->n;

    for (size_t i = sessions->n; i-- > 0;) {
        if (strcmp(sessions->all[i].access_token, access_token) == 0)
            drop(sessions, &sessions->all[i]);
    }
    return sessions->n == before ? 0 : save(sessions);
}

int sessions_close_all(struct sessions *sessions)
{
    sessions->n = 0;
    return save(sessions);
}
