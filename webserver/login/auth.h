/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who is who: all that a login needs, and whom a request comes from. */

#include "access-tokens.h"
#include "buckets.h"
#include "http-server.h"
#include "password.h"
#include "sessions.h"

struct attempt;

struct auth {
    sd_event *event; /* borrowed */
    struct password *password;
    struct sessions *sessions;
    struct access_tokens *tokens;
    struct buckets *requests;
    struct buckets *logins;
    struct attempt *attempts; /* login.c's, that wait for something */
};

/* `folder` is the web's, and need not be there: then nothing can be set. Logs why it can't. 0 or a
 * negative errno. */
int auth_open(struct auth *auth, sd_event *event, const char *folder);

/* Who waits for a login is told that it failed. */
void auth_close(struct auth *auth);

uint64_t auth_now(const struct auth *auth);

/* Of a request: `scopes` 0 means a stranger. */
struct visitor {
    unsigned scopes;
    struct session *session; /* by a cookie, valid until the next change; or NULL */
    const char *token;       /* of the session, borrowed from the request; or NULL */
    const struct access_token *access_token; /* as `session`; or NULL */
    bool bad_token;                          /* an access token that there is not (any more) */
};

void auth_visitor(struct auth *auth, struct http_request *request, struct visitor *ret);

/* A session lives as long as it is used. The page asks again and again by itself, and says when
 * nobody sits at it: that is no use. Nor is it that a browser opens its stream again. */
void auth_note_use(
        struct auth *auth, const struct http_request *request, const struct visitor *visitor);

/* What is kept of a visitor who stays: of one of the two. */
struct pass {
    char session[SECRET_SIZE];
    char access_token[ACCESS_TOKEN_ID_SIZE];
};

void auth_pass(const struct visitor *visitor, struct pass *ret);
bool auth_pass_equal(const struct pass *a, const struct pass *b);

/* What he may now; 0: his login has ended. To ask is no use of it. */
unsigned auth_pass_scopes(struct auth *auth, const struct pass *pass);

/* What the page has to send with each change of this session; another page can't read it. 0 or a
 * negative errno. */
int auth_csrf(const char *session_token, char ret[static SECRET_SIZE]);

/* Gives the browser its session, or takes it back (`token` NULL). 0 or a negative errno. */
int auth_set_cookie(struct http_request *request, const char *token);
