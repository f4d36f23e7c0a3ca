/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Access tokens: what a script sends as `Authorization: Bearer` (RFC 6750). Each has a name for
 * people and the scopes that it was given, and lives until it is revoked. Kept are digests, in the
 * file "tokens.json" of the web's folder.
 */

#include <time.h>

#include "scopes.h"
#include "secret.h"
#include "util.h"

struct access_tokens;

struct access_token {
    char id[ACCESS_TOKEN_ID_SIZE];
    char *name;
    unsigned scopes;
    time_t created;
    char digest[SECRET_SIZE];
};

#define ACCESS_TOKENS_MAX 16
#define ACCESS_TOKEN_NAME_MAX 64

/* Reads those under `folder`. 0; 1: the file makes no sense, and so there are none; or a negative
 * errno. */
int access_tokens_new(const char *folder, struct access_tokens **ret);

/* Accepts NULL; returns NULL. */
struct access_tokens *access_tokens_free(struct access_tokens *tokens);

DEFINE_CLEANUP(struct access_tokens *, access_tokens_free);

/* `ret` is the token, which nobody sees again; *ret_made is valid until the next change. 0, -E2BIG:
 * there are too many, or another negative errno: then there is none. */
int access_tokens_make(struct access_tokens *tokens, const char *name, unsigned scopes, time_t now,
        char ret[static SECRET_SIZE], const struct access_token **ret_made);

/* 0, -ENOENT, or another negative errno: then it is still good. */
int access_tokens_revoke(struct access_tokens *tokens, const char *id);

/* The one with this text, or NULL. Valid until the next change. */
const struct access_token *access_tokens_find(const struct access_tokens *tokens, const char *text);

/* The same by its id. */
const struct access_token *access_tokens_find_id(
        const struct access_tokens *tokens, const char *id);

/* All, without what could be used; the caller's. NULL: no memory. */
json_t *access_tokens_list(const struct access_tokens *tokens);
json_t *access_token_to_json(const struct access_token *token);
