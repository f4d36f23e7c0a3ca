/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Logging in, and setting the password. Each takes the visitor's word, has it hashed beside the
 * event loop, and tells what came of it: to a script as JSON (api-login.c), to a plain form as the
 * page that comes next (forms.c).
 */

#include "api/api.h"

enum login_code {
    LOGIN_DONE,        /* there is a session, and its cookie is in the answer's headers */
    LOGIN_WRONG,       /* not the password */
    LOGIN_NOT_SET,     /* there is no password yet */
    LOGIN_SET_ALREADY, /* there is one, and it has to be known to change it */
    LOGIN_NOT_HERE,    /* the first one is set from the hotspot, the wire or the device itself */
    LOGIN_UNFIT,       /* as a password: `text` says why */
    LOGIN_WAIT,        /* `wait_sec` before the next try */
    LOGIN_FAILED,
};

struct login_outcome {
    enum login_code code;
    unsigned wait_sec;
    const char *text;
    unsigned scopes; /* of the session, if there is one */
    const char *csrf;
};

/* Answers the request. */
typedef int (*login_reply)(
        struct http_request *request, struct api *api, const struct login_outcome *outcome);

/* `secret` is the password, or an access token: then the session has its scopes. All that follow
 * call `reply` once, now or later; for a handler to return. Texts are copied. */
int login_enter(
        struct api *api, struct http_request *request, const char *secret, login_reply reply);

/* The first password. */
int login_begin(
        struct api *api, struct http_request *request, const char *phrase, login_reply reply);

/* Another one, by who knows the `current` one. Everybody else is logged out. */
int login_change(struct api *api, struct http_request *request, const char *current,
        const char *phrase, login_reply reply);

/* Those that wait are not told any more: their requests end with their server. */
void login_forget(struct auth *auth);
