/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A browser shows the session's cookie, a script an access token. Over TLS the cookie has a name
 * that browsers accept from nobody but this host, over TLS; plain HTTP has to do without.
 */

#include "auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <systemd/sd-id128.h>

#include "login.h"
#include "unbox/log.h"

#define COOKIE "unbox"
#define COOKIE_TLS "__Host-unbox"

/* A page is a dozen files and a question a second; several phones may share an address. */
#define REQUESTS_BURST 200
#define REQUESTS_USEC (20 * USEC_PER_MSEC)
/* Six guesses a minute: eight random letters last longer than the device. */
#define LOGINS_BURST 10
#define LOGINS_USEC (10 * USEC_PER_SEC)

uint64_t auth_now(const struct auth *auth)
{
    uint64_t now = 0;

    (void)sd_event_now(auth->event, CLOCK_BOOTTIME, &now);
    return now;
}

int auth_open(struct auth *auth, sd_event *event, const char *folder)
{
    char boot[SD_ID128_STRING_MAX];
    sd_id128_t id;
    int r;

    *auth = (struct auth){.event = event};
    auth->requests = buckets_new(REQUESTS_BURST, REQUESTS_USEC);
    auth->logins = buckets_new(LOGINS_BURST, LOGINS_USEC);
    if (!auth->requests || !auth->logins)
        return -ENOMEM;
    r = sd_id128_get_boot(&id);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't tell this boot from others");
    r = password_new(event, folder, &auth->password);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't read the device password in %s", folder);
    r = sessions_new(folder, sd_id128_to_string(id, boot), auth_now(auth), &auth->sessions);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't read the sessions in %s", folder);
    r = access_tokens_new(folder, &auth->tokens);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't read the access tokens in %s", folder);
    if (r > 0)
        unbox_log(LOG_WARNING, "The access tokens in %s are broken: there are none", folder);
    return 0;
}

void auth_close(struct auth *auth)
{
    auth->password = password_free(auth->password);
    login_forget(auth);
    auth->sessions = sessions_free(auth->sessions);
    auth->tokens = access_tokens_free(auth->tokens);
    auth->requests = buckets_free(auth->requests);
    auth->logins = buckets_free(auth->logins);
}

int auth_csrf(const char *session_token, char ret[static SECRET_SIZE])
{
    return secret_digest("csrf", session_token, ret);
}

static const char *cookie_name(const struct http_request *request)
{
    return http_request_is_tls(request) ? COOKIE_TLS : COOKIE;
}

/* The access token of an Authorization header; NULL: there is none. */
static const char *bearer_of(const struct http_request *request)
{
    static const char scheme[] = "Bearer ";
    const char *header = http_request_header(request, "Authorization");

    if (!header || strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
        return NULL;
    header += sizeof(scheme) - 1;
    return header + strspn(header, " ");
}

void auth_visitor(struct auth *auth, struct http_request *request, struct visitor *ret)
{
    const char *bearer = bearer_of(request);
    const struct access_token *token;

    *ret = (struct visitor){};
    if (bearer) {
        token = access_tokens_find(auth->tokens, bearer);
        ret->bad_token = !token;
        ret->access_token = token;
        ret->scopes = token ? token->scopes : 0;
        return;
    }
    ret->token = http_request_cookie(request, cookie_name(request));
    if (ret->token)
        ret->session = sessions_find(auth->sessions, auth_now(auth), ret->token);
    if (ret->session)
        ret->scopes = ret->session->scopes;
    else
        ret->token = NULL;
}

void auth_note_use(
        struct auth *auth, const struct http_request *request, const struct visitor *visitor)
{
    int r;

    if (!visitor->session || http_request_header(request, "X-Unattended") ||
            strcmp(http_request_path(request), "/events") == 0)
        return;
    r = sessions_touch(auth->sessions, auth_now(auth), visitor->session);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "The sessions can't be stored");
}

void auth_pass(const struct visitor *visitor, struct pass *ret)
{
    *ret = (struct pass){};
    if (visitor->session)
        memcpy(ret->session, visitor->session->digest, sizeof(ret->session));
    else if (visitor->access_token)
        memcpy(ret->access_token, visitor->access_token->id, sizeof(ret->access_token));
}

bool auth_pass_equal(const struct pass *a, const struct pass *b)
{
    return strcmp(a->session, b->session) == 0 && strcmp(a->access_token, b->access_token) == 0;
}

unsigned auth_pass_scopes(struct auth *auth, const struct pass *pass)
{
    const struct access_token *token;
    const struct session *session;

    if (pass->session[0]) {
        session = sessions_find_digest(auth->sessions, auth_now(auth), pass->session);
        return session ? session->scopes : 0;
    }
    token = access_tokens_find_id(auth->tokens, pass->access_token);
    return token ? token->scopes : 0;
}

int auth_set_cookie(struct http_request *request, const char *token)
{
    char text[256];

    snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
            cookie_name(request), token ?: "", http_request_is_tls(request) ? "; Secure" : "",
            token ? "" : "; Max-Age=0");
    return http_request_add_header(request, "Set-Cookie", text);
}
