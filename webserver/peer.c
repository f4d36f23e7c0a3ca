/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The way to another daemon. It may be absent (user-network is, until the factory is behind the
 * device), stuck or broken: each of these is an answer that the page can show, never a hang.
 */

#include <ctype.h>
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
        {"NOT_READY", 409},
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

    if (error == 0 && !json_is_object(result)) {
        answer.error = -EBADMSG;
        answer.result = NULL;
    }
    (void)exchange->reply(exchange->request, &answer, exchange->userdata);
    exchange_free(exchange);
}

int peer_ask(struct peer *peer, struct http_request *request, const char *method, json_t *params,
        uint64_t timeout_usec, peer_reply reply, void *userdata)
{
    struct peer_answer failure = {.peer = peer};
    struct exchange *exchange = exchange_new(peer, request, reply, userdata);

    if (!exchange) {
        json_decref(params);
        failure.error = -ENOMEM;
        return reply(request, &failure, userdata);
    }
    failure.error =
            unbox_ipc_client_call(peer->client, method, params, timeout_usec, on_answer, exchange);
    if (failure.error == 0)
        return 0;
    exchange_free(exchange);
    return reply(request, &failure, userdata);
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

/* "NOT_FOUND" of the sockets is "not_found" of the web. */
static int respond_refusal(struct http_request *request, const struct peer_answer *answer)
{
    unsigned status = 502;
    char code[64];
    size_t i;

    for (i = 0; i < ELEMENTSOF(statuses); i++) {
        if (strcmp(statuses[i].code, answer->code) == 0)
            status = statuses[i].status;
    }
    for (i = 0; answer->code[i] && i < sizeof(code) - 1; i++)
        code[i] = tolower((unsigned char)answer->code[i]);
    code[i] = '\0';
    return http_respond_problem(request, status, code, NULL, "%s", answer->message);
}

int peer_respond_problem(struct http_request *request, const struct peer_answer *answer)
{
    const char *title = answer->peer->title;

    if (answer->error == -EREMOTEIO)
        return respond_refusal(request, answer);
    if (answer->error == -EBADMSG)
        return http_respond_problem(
                request, 502, "bad_answer", NULL, "%s gave an answer that makes no sense.", title);
    (void)http_request_add_header(request, "Retry-After", RETRY_AFTER_SEC);
    if (answer->error == -ETIMEDOUT)
        return http_respond_problem(
                request, 503, "service_slow", NULL, "%s does not answer right now.", title);
    return http_respond_problem(
            request, 503, "service_unavailable", NULL, "%s is not running.", title);
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

struct peer *peer_free(struct peer *peer)
{
    if (!peer)
        return NULL;
    unbox_ipc_client_free(peer->client);
    while (peer->exchanges)
        exchange_free(peer->exchanges);
    free(peer->title);
    free(peer);
    return NULL;
}
