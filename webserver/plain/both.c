/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking user-network for what the pages about the network are made of. */

#include "plain-network.h"

struct question {
    struct plain *page;
    plain_network_reply reply;
};

static struct question *question_free(struct question *question)
{
    if (!question)
        return NULL;
    plain_free(question->page);
    free(question);
    return NULL;
}

DEFINE_CLEANUP(struct question *, question_free);

static int on_networks(
        struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(question_free_p) struct question *question = userdata;

    if (answer->error < 0)
        plain_set_refusal(question->page, answer);
    return question->reply(request, question->page, plain_kept(question->page), answer->result);
}

static int on_status(struct http_request *request, const struct peer_answer *answer, void *userdata)
{
    _cleanup_(question_free_p) struct question *question = userdata;
    struct api *api = plain_api(question->page);

    if (answer->error < 0) {
        plain_set_refusal(question->page, answer);
        return question->reply(request, question->page, NULL, NULL);
    }
    plain_keep(question->page, answer->result);
    return peer_ask(
            api->network, request, "networks", NULL, PEER_SOON_USEC, on_networks, STEAL(question));
}

int plain_ask_both(
        struct http_request *request, struct api *api, const char *path, plain_network_reply reply)
{
    _cleanup_(question_free_p) struct question *question = calloc(1, sizeof(*question));
    int r;

    if (!question)
        return -ENOMEM;
    question->reply = reply;
    r = plain_new(request, api, path, &question->page);
    if (r < 0)
        return r;
    return peer_ask(
            api->network, request, "status", NULL, PEER_SOON_USEC, on_status, STEAL(question));
}
