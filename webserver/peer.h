/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Another daemon, as the page sees it: asked over its socket, for a browser that waits. */

#include "http-server.h"
#include "util.h"

struct peer;

/* What became of a question. With `error` 0 `result` is a JSON object (or what was asked for by
 * peer_ask_any()); otherwise it is NULL, and peer_respond_problem() says why. All borrowed. */
struct peer_answer {
    const struct peer *peer;
    int error;
    json_t *result;
    const char *code;
    const char *message;
};

/* Answers the request, or asks on. */
typedef int (*peer_reply)(
        struct http_request *request, const struct peer_answer *answer, void *userdata);

/*
 * `path` is of its socket. `title` is what the customer calls it, at the beginning of a sentence:
 * "The network service". It need not be there, now or ever.
 */
int peer_new(sd_event *event, const char *path, const char *title, struct peer **ret);

/* Asks it no more: what it has not answered, and what it is still asked, fails with -ECANCELED.
 * Accepts NULL. */
void peer_close(struct peer *peer);

/* Closes it first. Whoever waited for it may ask another one then, which has to be there, if only
 * closed. Accepts NULL; returns NULL. */
struct peer *peer_free(struct peer *peer);

DEFINE_CLEANUP(struct peer *, peer_free);

/* How long an answer may take: of what is known or begun at once, what is looked up, and what is
 * done first. */
#define PEER_SOON_USEC (4 * USEC_PER_SEC)
#define PEER_LONG_USEC (10 * USEC_PER_SEC)
#define PEER_DONE_USEC (60 * USEC_PER_SEC)

/*
 * Calls `method` there for `request` (NULL: for nobody who waits; `reply` gets NULL too). `params`
 * is taken over and may be NULL. `reply` is called exactly once, at the latest after
 * `timeout_usec`, also when nobody is there; at once when not even asking is possible. For a
 * handler to return: 0, or what `reply` returned.
 */
int peer_ask(struct peer *peer, struct http_request *request, const char *method, json_t *params,
        uint64_t timeout_usec, peer_reply reply, void *userdata);

/* The same where the answer may be any JSON. */
int peer_ask_any(struct peer *peer, struct http_request *request, const char *method,
        json_t *params, uint64_t timeout_usec, peer_reply reply, void *userdata);

/* Whether it waits for no answer. */
bool peer_is_idle(const struct peer *peer);

/* Replies: 200 with the result as it is; 202 with it; in both cases a problem if there is none. */
int peer_pass(struct http_request *request, const struct peer_answer *answer, void *userdata);
int peer_accept(struct http_request *request, const struct peer_answer *answer, void *userdata);

/* Turns an error into a problem: the peer's own words, or why there are none. */
int peer_respond_problem(struct http_request *request, const struct peer_answer *answer);

/* The same as {"status","code","detail"}: the caller's. NULL: no memory. */
json_t *peer_problem_to_json(const struct peer_answer *answer);
