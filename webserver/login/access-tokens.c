/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "access-tokens.h"

#include <stdio.h>
#include <string.h>

#include "unbox/store.h"

#define FILE_MAX (32 * 1024)
#define PURPOSE "access token"

struct access_tokens {
    char *path;
    struct access_token all[ACCESS_TOKENS_MAX];
    size_t n;
};

static void forget_all(struct access_tokens *tokens)
{
    while (tokens->n > 0)
        free(tokens->all[--tokens->n].name);
}

static int read_entry(struct access_tokens *tokens, json_t *entry)
{
    struct access_token *token = &tokens->all[tokens->n];
    const char *id, *name, *digest;
    json_int_t created;
    json_t *scopes;

    if (tokens->n == ACCESS_TOKENS_MAX ||
            json_unpack(entry, "{s:s, s:s, s:s, s:o, s:I}", "id", &id, "name", &name, "digest",
                    &digest, "scopes", &scopes, "created", &created) < 0 ||
            strlen(id) != ACCESS_TOKEN_ID_SIZE - 1 || strlen(digest) != SECRET_SIZE - 1)
        return -EBADMSG;
    *token = (struct access_token){.created = created};
    if (!copy_text(token->id, sizeof(token->id), id) ||
            !copy_text(token->digest, sizeof(token->digest), digest) ||
            scopes_from_json(scopes, &token->scopes) < 0)
        return -EBADMSG;
    token->name = strdup(name);
    if (!token->name)
        return -ENOMEM;
    tokens->n++;
    return 0;
}

static int load(struct access_tokens *tokens)
{
    _cleanup_json_ json_t *file = NULL;
    _cleanup_free_ char *text = NULL;
    json_t *entry;
    size_t i;
    int r;

    r = unbox_store_read(tokens->path, FILE_MAX, &text, NULL);
    if (r < 0)
        return r == -ENOENT ? 0 : r;
    file = json_loads(text, 0, NULL);
    if (!json_is_array(file))
        return -EBADMSG;
    json_array_foreach (file, i, entry) {
        r = read_entry(tokens, entry);
        if (r < 0)
            return r;
    }
    return 0;
}

json_t *access_token_to_json(const struct access_token *token)
{
    return json_pack("{ss ss so sI}", "id", token->id, "name", token->name, "scopes",
            scopes_to_json(token->scopes), "created", (json_int_t)token->created);
}

json_t *access_tokens_list(const struct access_tokens *tokens)
{
    _cleanup_json_ json_t *list = json_array();

    for (size_t i = 0; i < tokens->n; i++) {
        if (json_array_append_new(list, access_token_to_json(&tokens->all[i])) < 0)
            return NULL;
    }
    return STEAL(list);
}

static int save(const struct access_tokens *tokens)
{
    _cleanup_json_ json_t *list = access_tokens_list(tokens);
    _cleanup_free_ char *text = NULL;

    for (size_t i = 0; list && i < tokens->n; i++) {
        if (json_object_set_new(
                    json_array_get(list, i), "digest", json_string(tokens->all[i].digest)) < 0)
            return -ENOMEM;
    }
    text = list ? json_dumps(list, JSON_INDENT(1)) : NULL;
    return text ? unbox_store_write(tokens->path, text, strlen(text), 0600, -1, -1) : -ENOMEM;
}

int access_tokens_new(const char *folder, struct access_tokens **ret)
{
    _cleanup_(access_tokens_free_p) struct access_tokens *tokens = calloc(1, sizeof(*tokens));
    int r;

    if (!tokens)
        return -ENOMEM;
    if (asprintf(&tokens->path, "%s/tokens.json", folder) < 0) {
        tokens->path = NULL;
        return -ENOMEM;
    }
    r = load(tokens);
    if (r == -EBADMSG) {
        forget_all(tokens);
        r = 1;
    }
    if (r < 0)
        return r;
    *ret = STEAL(tokens);
    return r;
}

struct access_tokens *access_tokens_free(struct access_tokens *tokens)
{
    if (!tokens)
        return NULL;
    forget_all(tokens);
    free(tokens->path);
    free(tokens);
    return NULL;
}

int access_tokens_make(struct access_tokens *tokens, const char *name, unsigned scopes, time_t now,
        char ret[static SECRET_SIZE], const struct access_token **ret_made)
{
    struct access_token token = {.scopes = scopes, .created = now};
    char id[SECRET_SIZE], text[SECRET_SIZE];
    int r;

    if (tokens->n == ACCESS_TOKENS_MAX)
        return -E2BIG;
    r = secret_new(id);
    if (r == 0)
        r = secret_new(text);
    if (r == 0)
        r = secret_digest(PURPOSE, text, token.digest);
    if (r < 0)
        return r;
    memcpy(token.id, id, sizeof(token.id) - 1);
    token.name = strdup(name);
    if (!token.name)
        return -ENOMEM;
    tokens->all[tokens->n++] = token;
    r = save(tokens);
    if (r < 0) {
        tokens->n--;
        free(token.name);
        return r;
    }
    memcpy(ret, text, sizeof(text));
    explicit_bzero(text, sizeof(text));
    *ret_made = &tokens->all[tokens->n - 1];
    return 0;
}

int access_tokens_revoke(struct access_tokens *tokens, const char *id)
{
    for (size_t i = 0; i < tokens->n; i++) {
        struct access_token token = tokens->all[i];
        int r;

        if (strcmp(token.id, id) != 0)
            continue;
        tokens->all[i] = tokens->all[--tokens->n];
        r = save(tokens);
        if (r < 0) {
            tokens->all[tokens->n++] = tokens->all[i];
            tokens->all[i] = token;
            return r;
        }
        free(token.name);
        return 0;
    }
    return -ENOENT;
}

const struct access_token *access_tokens_find(const struct access_tokens *tokens, const char *text)
{
    const struct access_token *found = NULL;
    char digest[SECRET_SIZE];

    if (strlen(text) != SECRET_SIZE - 1 || secret_digest(PURPOSE, text, digest) < 0)
        return NULL;
    for (size_t i = 0; i < tokens->n; i++) {
        if (secret_equal(tokens->all[i].digest, digest))
            found = &tokens->all[i];
    }
    return found;
}

const struct access_token *access_tokens_find_id(const struct access_tokens *tokens, const char *id)
{
    for (size_t i = 0; i < tokens->n; i++) {
        if (strcmp(tokens->all[i].id, id) == 0)
            return &tokens->all[i];
    }
    return NULL;
}
