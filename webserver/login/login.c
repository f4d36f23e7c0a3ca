/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "login.h"

#include <string.h>

#include "place.h"
#include "unbox/log.h"
#include "unbox/messages.h"

/* One who waits for a hash, or for user-network. */
struct attempt {
    struct attempt *next;
    struct attempt *prev;
    struct api *api;
    struct http_request *request;
    login_reply reply;
    char *phrase;     /* to be set; NULL: just a login */
    const char *from; /* where the first one is set */
};

static struct attempt *attempt_free(struct attempt *attempt)
{
    if (attempt->next)
        attempt->next->prev = attempt->prev;
    if (attempt->prev)
        attempt->prev->next = attempt->next;
    else
        attempt->api->auth.attempts = attempt->next;
    if (attempt->phrase)
        explicit_bzero(attempt->phrase, strlen(attempt->phrase));
    free(attempt->phrase);
    free(attempt);
    return NULL;
}

DEFINE_CLEANUP(struct attempt *, attempt_free);

static struct attempt *attempt_new(
        struct api *api, struct http_request *request, login_reply reply, const char *phrase)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt));

    if (!attempt)
        return NULL;
    *attempt = (struct attempt){
            .next = api->auth.attempts, .api = api, .request = request, .reply = reply};
    if (attempt->next)
        attempt->next->prev = attempt;
    api->auth.attempts = attempt;
    if (phrase) {
        attempt->phrase = strdup(phrase);
        if (!attempt->phrase)
            return attempt_free(attempt);
    }
    return attempt;
}

void login_forget(struct auth *auth)
{
    while (auth->attempts)
        attempt_free(auth->attempts);
}

static int reply_code(const struct attempt *attempt, enum login_code code)
{
    return attempt->reply(attempt->request, attempt->api, &(struct login_outcome){.code = code});
}

/* Too many are being hashed, or it could not even begin. */
static int reply_failure(const struct attempt *attempt, int error, const char *what)
{
    if (error == -EBUSY)
        return attempt->reply(attempt->request, attempt->api,
                &(struct login_outcome){.code = LOGIN_WAIT, .wait_sec = 2});
    if (error != -ECANCELED)
        unbox_log_errno(LOG_ERR, error, "%s", what);
    return reply_code(attempt, LOGIN_FAILED);
}

static int open_session(const struct attempt *attempt, unsigned scopes, const char *access_token)
{
    struct auth *auth = &attempt->api->auth;
    char token[SECRET_SIZE], csrf[SECRET_SIZE];
    int r;

    r = sessions_open(auth->sessions, auth_now(auth), scopes, access_token, token);
    if (r == 0)
        r = auth_csrf(token, csrf);
    if (r == 0)
        r = auth_set_cookie(attempt->request, token);
    explicit_bzero(token, sizeof(token));
    if (r < 0)
        return reply_failure(attempt, r, "A session can't be opened");
    /* Others' may have ended for it. */
    events_check(attempt->api->events);
    buckets_refill(auth->logins, http_request_peer(attempt->request));
    return attempt->reply(attempt->request, attempt->api,
            &(struct login_outcome){.code = LOGIN_DONE, .scopes = scopes, .csrf = csrf});
}

static int reply_wrong(const struct attempt *attempt)
{
    const char *peer = http_request_peer(attempt->request);

    unbox_log_event(LOG_NOTICE, UNBOX_MESSAGE_LOGIN_REFUSED, UNBOX_FIELDS("UNBOX_PEER", peer),
            "%s has given a wrong device password", peer);
    return reply_code(attempt, LOGIN_WRONG);
}

static void log_set(const struct attempt *attempt)
{
    const char *peer = http_request_peer(attempt->request);

    unbox_log_event(LOG_NOTICE, UNBOX_MESSAGE_PASSWORD_SET,
            UNBOX_FIELDS("UNBOX_PEER", peer, "UNBOX_PLACE", attempt->from),
            "%s has %s the device password", peer, attempt->from ? "set" : "changed");
}

static int go_on_set(const struct attempt *attempt, int result)
{
    int r;

    if (result == -EEXIST)
        return reply_code(attempt, LOGIN_SET_ALREADY);
    if (result < 0)
        return reply_failure(attempt, result, "The device password can't be stored");
    log_set(attempt);
    r = sessions_close_all(attempt->api->auth.sessions);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "Sessions of the old password may be back after a restart");
    return open_session(attempt, SCOPES_ALL, "");
}

static void on_set(int result, void *userdata)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = userdata;

    http_request_settle(attempt->request, go_on_set(attempt, result));
}

/* Begins to hash the new password; -EEXIST of it is told as an outcome. */
static int set(struct attempt *attempt)
{
    struct auth *auth = &attempt->api->auth;
    int r = password_set(auth->password, attempt->phrase, attempt->from, on_set, attempt);

    if (r == 0)
        return 0;
    r = r == -EEXIST ? reply_code(attempt, LOGIN_SET_ALREADY)
                     : reply_failure(attempt, r, "The device password can't be hashed");
    attempt_free(attempt);
    return r;
}

static void on_checked(int result, void *userdata)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = userdata;
    struct http_request *request = attempt->request;
    int r;

    if (result < 0)
        r = reply_failure(attempt, result, "The device password can't be checked");
    else if (result == 0)
        r = reply_wrong(attempt);
    else if (attempt->phrase)
        r = set(STEAL(attempt));
    else
        r = open_session(attempt, SCOPES_ALL, "");
    http_request_settle(request, r);
}

/* Whether this address may try; answers if not. 1: answered. */
static int check_bucket(const struct attempt *attempt)
{
    struct auth *auth = &attempt->api->auth;
    unsigned wait_sec;
    int r;

    wait_sec = buckets_take(auth->logins, auth_now(auth), http_request_peer(attempt->request));
    if (wait_sec == 0)
        return 0;
    r = attempt->reply(attempt->request, attempt->api,
            &(struct login_outcome){.code = LOGIN_WAIT, .wait_sec = wait_sec});
    return r < 0 ? r : 1;
}

static int check_phrase(const struct attempt *attempt)
{
    const char *problem = password_problem(attempt->phrase);
    int r;

    if (!problem)
        return 0;
    r = attempt->reply(attempt->request, attempt->api,
            &(struct login_outcome){.code = LOGIN_UNFIT, .text = problem});
    return r < 0 ? r : 1;
}

/* Takes `attempt` over: whatever `secret` proves. */
static int check_secret(struct attempt *attempt, const char *secret)
{
    int r;

    r = password_check(attempt->api->auth.password, secret, on_checked, attempt);
    if (r == 0)
        return 0;
    r = r == -ENOENT ? reply_code(attempt, LOGIN_NOT_SET)
                     : reply_failure(attempt, r, "The device password can't be checked");
    attempt_free(attempt);
    return r;
}

int login_enter(
        struct api *api, struct http_request *request, const char *secret, login_reply reply)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = attempt_new(api, request, reply, NULL);
    const struct access_token *token;
    int r;

    if (!attempt)
        return -ENOMEM;
    r = check_bucket(attempt);
    if (r != 0)
        return r < 0 ? r : 0;
    token = access_tokens_find(api->auth.tokens, secret);
    if (token)
        return open_session(attempt, token->scopes, token->id);
    return check_secret(STEAL(attempt), secret);
}

int login_change(struct api *api, struct http_request *request, const char *current,
        const char *phrase, login_reply reply)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = attempt_new(api, request, reply, phrase);
    int r;

    if (!attempt)
        return -ENOMEM;
    r = check_phrase(attempt);
    if (r == 0)
        r = check_bucket(attempt);
    if (r != 0)
        return r < 0 ? r : 0;
    return check_secret(STEAL(attempt), current);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = userdata;
    char local[INET6_ADDRSTRLEN] = "";

    (void)http_request_local(request, local);
    attempt->from = place_of(local, answer->result);
    return attempt->from ? set(STEAL(attempt)) : reply_code(attempt, LOGIN_NOT_HERE);
}

int login_begin(
        struct api *api, struct http_request *request, const char *phrase, login_reply reply)
{
    _cleanup_(attempt_free_p) struct attempt *attempt = attempt_new(api, request, reply, phrase);
    char local[INET6_ADDRSTRLEN] = "";
    int r;

    if (!attempt)
        return -ENOMEM;
    if (password_is_set(api->auth.password))
        return reply_code(attempt, LOGIN_SET_ALREADY);
    r = check_phrase(attempt);
    if (r == 0)
        r = check_bucket(attempt);
    if (r != 0)
        return r < 0 ? r : 0;
    (void)http_request_local(request, local);
    attempt->from = place_of(local, NULL);
    if (attempt->from)
        return set(STEAL(attempt));
    return peer_ask(
            api->network, request, "status", NULL, PEER_SOON_USEC, on_status, STEAL(attempt));
}
