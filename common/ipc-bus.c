/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The calls of healthd's bus, by name. */

#include "unbox/ipc.h"
#include "util.h"

#define CALL_USEC (10 * USEC_PER_SEC)

static void ignore(int error, json_t *result, const char *code, const char *message, void *userdata)
{
}

static int call(struct unbox_ipc_client *client, const char *method, json_t *params, uint64_t usec,
        unbox_ipc_reply_fn reply, void *userdata)
{
    if (!params)
        return -ENOMEM;
    return unbox_ipc_client_call(client, method, params, usec, reply ?: ignore, userdata);
}

int unbox_ipc_publish(struct unbox_ipc_client *client, const char *topic, json_t *data,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return call(client, "publish",
            json_pack("{s:s, s:o}", "topic", topic, "data", data ?: json_null()), CALL_USEC, reply,
            userdata);
}

int unbox_ipc_queue_send(struct unbox_ipc_client *client, const char *queue, json_t *message,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return call(client, "queue_send",
            json_pack("{s:s, s:o}", "queue", queue, "message", message ?: json_null()), CALL_USEC,
            reply, userdata);
}

int unbox_ipc_queue_receive(struct unbox_ipc_client *client, const char *queue,
        unsigned wait_seconds, unbox_ipc_reply_fn reply, void *userdata)
{
    return call(client, "queue_receive",
            json_pack("{s:s, s:i}", "queue", queue, "wait", (int)wait_seconds),
            CALL_USEC + wait_seconds * USEC_PER_SEC, reply, userdata);
}

int unbox_ipc_queue_ack(struct unbox_ipc_client *client, const char *queue, uint64_t id,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return call(client, "queue_ack", json_pack("{s:s, s:I}", "queue", queue, "id", (json_int_t)id),
            CALL_USEC, reply, userdata);
}
