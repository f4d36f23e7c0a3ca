/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The way to another daemon. It may be absent (user-network is, until the factory is behind the
 * device), stuck or broken: each of these is an answer that the page can show, never a hang.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "unbox/ipc.h"

#define RETRY_AFTER_SEC "5"

struct exchange {
    struct peer *peer;
    struct exchange *next;
    struct exchange *prev;
    struct http_request *request;
    peer_reply reply;
    void *userdata;
    bool any; /* JSON, not just an object */
};

struct peer {
    struct unbox_ipc_client *client;
    char *title;
    struct exchange *exchanges;
};

static const struct {
    const char *code;
    unsigned status;
} statuses[] = {
        {UNBOX_IPC_INVALID_PARAMS, 422},
        {UNBOX_IPC_NOT_FOUND, 404},
        {UNBOX_IPC_BUSY, 409},
        {UNBOX_IPC_PERMISSION_DENIED, 403},
        {UNBOX_IPC_TIMEOUT, 504},
        {"CONFLICT", 409},
        {"NOT_READY", 409},
        {"WRONG_ADDRESS", 409},
};

static void exchange_free(struct exchange *exchange)
{
    if (exchange->next)
        exchange->next->prev = exchange->prev;
    if (exchange->prev)
        exchange->prev->next = exchange->next;
    else
        exchange->peer->exchanges = exchange->next;
    free(exchange);
}

static struct exchange *exchange_new(
        struct peer *peer, struct http_request *request, peer_reply reply, void *userdata)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));

    if (!exchange)
        return NULL;
    exchange->peer = peer;
    exchange->request = request;
    exchange->reply = reply;
    exchange->userdata = userdata;
    exchange->next = peer->exchanges;
    if (exchange->next)
        exchange->next->prev = exchange;
    peer->exchanges = exchange;
    return exchange;
}

/* The codes of the sockets become those of the web. */
static bool is_code(const char *text)
{
    return *text && !text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")];
}

static void on_answer(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct exchange *exchange = userdata;
    struct peer_answer answer = {
            .peer = exchange->peer,
            .error = error,
            .result = error == 0 ? result : NULL,
            .code = code,
            .message = message,
    };

    if ((error == 0 && !exchange->any && !json_is_object(result)) ||
            (error == -EREMOTEIO && !is_code(code))) {
        answer.error = -EBADMSG;
        answer.result = NULL;
    }
    http_request_settle(
            exchange->request, exchange->reply(exchange->request, &answer, exchange->userdata));
    exchange_free(exchange);
}

/* Takes `exchange` over, which may be NULL: no memory. */
static int ask(struct exchange *exchange, struct peer *peer, struct http_request *request,
        const char *method, json_t *params, uint64_t timeout_usec, peer_reply reply, void *userdata)
{
    struct peer_answer failure = {.peer = peer};

    if (!exchange) {
        json_decref(params);
        failure.error = -ENOMEM;
        return reply(request, &failure, userdata);
    }
    if (peer->client)
        failure.error = unbox_ipc_client_call(
                peer->client, method, params, timeout_usec, on_answer, exchange);
    else {
        json_decref(params);
        failure.error = -ECANCELED;
    }
    if (failure.error == 0)
        return 0;
    exchange_free(exchange);
    return reply(request, &failure, userdata);
}

int peer_ask(struct peer *peer, struct http_request *request, const char *method, json_t *params,
        uint64_t timeout_usec, peer_reply reply, void *userdata)
{
    return ask(exchange_new(peer, request, reply, userdata), peer, request, method, params,
            timeout_usec, reply, userdata);
}

int peer_ask_any(struct peer *peer, struct http_request *request, const char *method,
        json_t *params, uint64_t timeout_usec, peer_reply reply, void *userdata)
{
    struct exchange *exchange = exchange_new(peer, request, reply, userdata);

    if (exchange)
        exchange->any = true;
    return ask(exchange, peer, request, method, params, timeout_usec, reply, userdata);
}

bool peer_is_idle(const struct peer *peer)
{
    return !peer->exchanges;
}

int peer_pass(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    return http_respond_json(request, 200, json_incref(answer->result));
}

int peer_accept(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    if (answer->error < 0)
        return peer_respond_problem(request, answer);
    return http_respond_json(request, 202, json_incref(answer->result));
}

struct problem {
    unsigned status;
    char code[64];
    char *detail; /* NULL: no memory */
    bool passing; /* it may be well in a moment */
};

static void problem_clear(struct problem *problem)
{
    free(problem->detail);
}

/* "NOT_FOUND" of the sockets is "not_found" of the web. */
static void read_refusal(const struct peer_answer *answer, struct problem *ret)
{
    size_t i;

    ret->status = 502;
    for (i = 0; i < ELEMENTSOF(statuses); i++) {
        if (strcmp(statuses[i].code, answer->code) == 0)
            ret->status = statuses[i].status;
    }
    for (i = 0; answer->code[i] && i < sizeof(ret->code) - 1; i++)
        ret->code[i] = tolower((unsigned char)answer->code[i]);
    ret->detail = strdup(answer->message);
}

static void read_problem(const struct peer_answer *answer, struct problem *ret)
{
    const char *code = "service_unavailable", *text = "is not running";

    *ret = (struct problem){};
    if (answer->error == -EREMOTEIO) {
        read_refusal(answer, ret);
        return;
    }
    if (answer->error == -ECANCELED)
        code = "stopping", text = "is not asked any more: the page is being stopped";
    else if (answer->error == -EBADMSG)
        code = "bad_answer", text = "gave an answer that makes no sense";
    else if (answer->error == -ETIMEDOUT)
        code = "service_slow", text = "does not answer right now";
    ret->passing = answer->error != -EBADMSG;
    ret->status = ret->passing ? 503 : 502;
    snprintf(ret->code, sizeof(ret->code), "%s", code);
    if (asprintf(&ret->detail, "%s %s.", answer->peer->title, text) < 0)
        ret->detail = NULL;
}

int peer_respond_problem(struct http_request *request, const struct peer_answer *answer)
{
    _cleanup_(problem_clear) struct problem problem;

    read_problem(answer, &problem);
    if (problem.passing)
        (void)http_request_add_header(request, "Retry-After", RETRY_AFTER_SEC);
    return http_respond_problem(
            request, problem.status, problem.code, NULL, "%s", problem.detail ?: problem.code);
}

json_t *peer_problem_to_json(const struct peer_answer *answer)
{
    _cleanup_(problem_clear) struct problem problem;

    read_problem(answer, &problem);
    return json_pack("{si ss ss}", "status", (int)problem.status, "code", problem.code, "detail",
            problem.detail ?: problem.code);
}

int peer_new(sd_event *event, const char *path, const char *title, struct peer **ret)
{
    _cleanup_(peer_free_p) struct peer *peer = NULL;
    int r;

    peer = calloc(1, sizeof(*peer));
    if (!peer)
        return -ENOMEM;
    peer->title = strdup(title);
    if (!peer->title)
        return -ENOMEM;
    r = unbox_ipc_client_new(event, path, &peer->client);
    if (r < 0)
        return r;
    *ret = STEAL(peer);
    return 0;
}

void peer_close(struct peer *peer)
{
    if (!peer)
        return;
    peer->client = unbox_ipc_client_free(peer->client);
    while (peer->exchanges)
        on_answer(-ECANCELED, NULL, NULL, NULL, peer->exchanges);
}

struct peer *peer_free(struct peer *peer)
{
    if (!peer)
        return NULL;
    peer_close(peer);
    free(peer->title);
    free(peer);
    return NULL;
}
