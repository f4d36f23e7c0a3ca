/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The durable queues over IPC. */

#include "api-queue.h"

int api_queue_send(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *queue;
    json_t *message;
    uint64_t id;
    int r;

    if (json_unpack(params, "{s:s, s:o !}", "queue", &queue, "message", &message) < 0 ||
            !queues_name_valid(queue))
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "a \"queue\" is wanted, words between dots, and a \"message\"");
    r = queues_send(api->queues, queue, message, &id);
    if (r == -ENOSPC)
        return unbox_ipc_reply_error(call, UNBOX_IPC_QUEUE_FULL,
                "%s is full, or there are too many queues: nothing was kept", queue);
    if (r < 0)
        return r;
    return unbox_ipc_reply(call, json_pack("{s:I}", "id", (json_int_t)id));
}

static void on_received(json_t *delivery, void *userdata)
{
    (void)unbox_ipc_reply(userdata, delivery);
}

static bool is_there(void *userdata)
{
    return unbox_ipc_call_connected(userdata);
}

int api_queue_receive(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    json_int_t wait = 0;
    const char *queue;

    if (json_unpack(params, "{s:s, s?I !}", "queue", &queue, "wait", &wait) < 0 ||
            !queues_name_valid(queue) || wait < 0 || wait > QUEUE_WAIT_SEC_MAX)
        return unbox_ipc_reply_error(call, UNBOX_IPC_INVALID_PARAMS,
                "a \"queue\" is wanted, and in \"wait\" 0 to %d seconds", QUEUE_WAIT_SEC_MAX);
    return queues_receive(api->queues, queue, wait, on_received, is_there, call);
}

int api_queue_ack(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    struct api *api = userdata;
    const char *queue;
    json_int_t id;
    int r;

    if (json_unpack(params, "{s:s, s:I !}", "queue", &queue, "id", &id) < 0)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_INVALID_PARAMS, "a \"queue\" is wanted, and a message's \"id\"");
    r = queues_ack(api->queues, queue, id);
    if (r == -ENOENT)
        return unbox_ipc_reply_error(
                call, UNBOX_IPC_NOT_FOUND, "there is no such message in %s", queue);
    return r < 0 ? r : unbox_ipc_reply(call, json_pack("{s:b}", "ok", 1));
}
