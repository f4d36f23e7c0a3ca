/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The asking side of the IPC: one connection, calls in flight told apart by their ids, each with a
 * time limit. A call that can't even be sent fails through its callback too, from the event loop:
 * one way for all.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "ipc-client.h"
#include "ipc-sealed.h"

struct pending {
    struct unbox_ipc_client *client;
    uint64_t id;
    unbox_ipc_reply_fn reply;
    void *userdata;
    sd_event_source *timer;
    int error; /* what its timer will tell: it was not sent, or -ETIMEDOUT */
    struct pending *next;
};

static void pending_free(struct pending *pending)
{
    sd_event_source_disable_unref(pending->timer);
    free(pending);
}

static struct pending *pending_take(struct unbox_ipc_client *client, uint64_t id)
{
    for (struct pending **p = &client->pending; *p; p = &(*p)->next)
        if ((*p)->id == id) {
            struct pending *found = *p;

            *p = found->next;
            return found;
        }
    return NULL;
}

static void pending_fail(struct pending *pending, int error, const char *path)
{
    const char *code = error == -ETIMEDOUT ? UNBOX_IPC_TIMEOUT : UNBOX_IPC_INTERNAL_ERROR;
    _cleanup_free_ char *message = NULL;

    if (asprintf(&message, "%s: %s", path, strerrordesc_np(-error) ?: "failed") < 0)
        message = NULL;
    pending->reply(error, NULL, code, message ?: path, pending->userdata);
    pending_free(pending);
}

/* The connection is of no use any more: whatever was in flight on it has failed. */
static void disconnect(struct unbox_ipc_client *client, int error)
{
    struct pending *failed = client->pending;

    if (client->stream)
        ipc_stream_close(client->stream);
    client->stream = ipc_stream_unref(client->stream);
    client->pending = NULL;
    /* Told by their timers, which run at once: a callback may then free the client. */
    for (struct pending *p = failed; p; p = p->next) {
        p->error = error;
        (void)sd_event_source_set_time_relative(p->timer, 0);
    }
    client->pending = failed;
    if (client->subscription)
        ipc_subscription_lost(client->subscription, error);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct pending *pending = userdata;

    (void)pending_take(pending->client, pending->id);
    pending_fail(pending, pending->error, pending->client->path);
    return 0;
}

/* Beside a line because it fits into none. NULL: it isn't what it should be. */
static json_t *read_sealed(int fd, json_t *announced)
{
    json_t *value = NULL;

    (void)ipc_sealed_read(fd, json_integer_value(announced), UNBOX_IPC_PAYLOAD_MAX, 0, &value);
    return value;
}

static void answer(struct pending *pending, json_t *message, int *fd)
{
    struct unbox_ipc_client *client = pending->client;
    json_t *sealed = json_object_get(message, "sealed");
    _cleanup_json_ json_t *result =
            sealed ? read_sealed(*fd, sealed) : json_incref(json_object_get(message, "result"));
    const char *code = NULL, *text = NULL;
    bool freed = false;

    client->offered = sealed ? NULL : fd;
    client->freed = &freed;
    if (result)
        pending->reply(0, result, NULL, NULL, pending->userdata);
    else if (json_unpack(message, "{s:{s:s, s:s}}", "error", "code", &code, "message", &text) == 0)
        pending->reply(-EREMOTEIO, NULL, code, text, pending->userdata);
    else
        pending->reply(-EBADMSG, NULL, UNBOX_IPC_INTERNAL_ERROR, "the answer has no result",
                pending->userdata);
    if (!freed) {
        client->offered = NULL;
        client->freed = NULL;
    }
    pending_free(pending);
}

static void tell(struct unbox_ipc_client *client, json_t *message, json_t *sealed, int fd)
{
    /* Subscribed again, from the last event on that could be read. */
    if (sealed && json_object_set_new(message, "data", read_sealed(fd, sealed)) < 0)
        disconnect(client, -EBADMSG);
    else
        ipc_subscription_event(client->subscription, message);
}

static void on_line(const char *line, size_t size, void *userdata)
{
    struct unbox_ipc_client *client = userdata;
    _cleanup_json_ json_t *message = json_loadb(line, size, 0, NULL);
    json_t *id = json_object_get(message, "id"), *sealed = json_object_get(message, "sealed");
    _cleanup_close_ int fd = -1;
    struct pending *pending;

    if (!message) {
        disconnect(client, -EBADMSG);
        return;
    }
    if (json_is_true(json_object_get(message, "fd")) || sealed)
        fd = ipc_stream_take_fd(client->stream);
    /* One that came too late has no call waiting for it any more. */
    pending = json_is_integer(id) ? pending_take(client, json_integer_value(id)) : NULL;
    if (pending)
        answer(pending, message, &fd);
    else if (client->subscription && json_object_get(message, "event"))
        tell(client, message, sealed, fd);
}

static void on_oversize(void *userdata)
{
    disconnect(userdata, -EBADMSG);
}

static void on_closed(int error, void *userdata)
{
    disconnect(userdata, error);
}

static int connect_stream(struct unbox_ipc_client *client)
{
    static const struct ipc_stream_ops ops = {on_line, on_oversize, on_closed, NULL};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int fd = -1;
    int r;

    if (client->stream)
        return 0;
    if (strlen(client->path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, client->path, strlen(client->path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    r = ipc_stream_new(client->event, fd, &ops, client, &client->stream);
    if (r >= 0)
        fd = -1;
    return r;
}

/* The line, and beside it the params when they would make it too long. */
static int make_request(uint64_t id, const char *method, json_t *params, json_t **ret_message,
        struct ipc_payload **ret_payload)
{
    _cleanup_json_ json_t *message =
            json_pack("{s:I, s:s, s:O*}", "id", (json_int_t)id, "method", method, "params", params);
    int r;

    if (!message)
        return -EINVAL;
    if (params && json_dumpb(message, NULL, 0, JSON_COMPACT) > UNBOX_IPC_LINE_MAX) {
        r = ipc_sealed_new("unbox-ipc-params", params, UNBOX_IPC_PAYLOAD_MAX, ret_payload);
        if (r < 0)
            return r;
        (void)json_object_del(message, "params");
        if (json_object_set_new(message, "sealed", json_integer((*ret_payload)->size)) < 0)
            return -ENOMEM;
    }
    *ret_message = STEAL(message);
    return 0;
}

static int send_message(
        struct unbox_ipc_client *client, json_t *message, struct ipc_payload *payload)
{
    int r = connect_stream(client);

    if (r < 0)
        return r;
    return payload ? ipc_stream_send_payload(client->stream, message, payload)
                   : ipc_stream_send(client->stream, message);
}

static int send_request(
        struct unbox_ipc_client *client, uint64_t id, const char *method, json_t *params)
{
    _cleanup_(ipc_payload_unref_p) struct ipc_payload *payload = NULL;
    _cleanup_json_ json_t *message = NULL;
    int r;

    r = make_request(id, method, params, &message, &payload);
    if (r < 0)
        return r;
    r = send_message(client, message, payload);
    if (r != -ENOTCONN)
        return r;
    /* The peer has been restarted since the last call. */
    disconnect(client, -ECONNRESET);
    return send_message(client, message, payload);
}

int unbox_ipc_client_new(sd_event *event, const char *path, struct unbox_ipc_client **ret)
{
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = calloc(1, sizeof(*client));

    if (!client)
        return -ENOMEM;
    client->event = sd_event_ref(event);
    client->path = strdup(path);
    if (!client->path)
        return -ENOMEM;
    *ret = STEAL(client);
    return 0;
}

struct unbox_ipc_client *unbox_ipc_client_free(struct unbox_ipc_client *client)
{
    struct pending *pending;

    if (!client)
        return NULL;
    if (client->freed)
        *client->freed = true;
    while ((pending = client->pending)) {
        client->pending = pending->next;
        pending_free(pending);
    }
    if (client->stream)
        ipc_stream_close(client->stream);
    ipc_stream_unref(client->stream);
    ipc_subscription_free(client->subscription);
    sd_event_unref(client->event);
    free(client->path);
    free(client);
    return NULL;
}

int unbox_ipc_client_call(struct unbox_ipc_client *client, const char *method, json_t *params,
        uint64_t timeout_usec, unbox_ipc_reply_fn reply, void *userdata)
{
    _cleanup_json_ json_t *owned = params;
    struct pending *pending = calloc(1, sizeof(*pending));
    int r;

    if (!pending)
        return -ENOMEM;
    *pending = (struct pending){.client = client,
            .id = ++client->last_id,
            .reply = reply,
            .userdata = userdata,
            .error = -ETIMEDOUT};
    r = sd_event_add_time_relative(
            client->event, &pending->timer, CLOCK_BOOTTIME, timeout_usec, 1, on_timer, pending);
    if (r < 0) {
        pending_free(pending);
        return r;
    }

    r = send_request(client, pending->id, method, owned);
    pending->next = client->pending;
    client->pending = pending;
    if (r < 0) {
        pending->error = r;
        (void)sd_event_source_set_time_relative(pending->timer, 0);
    }
    return 0;
}

int unbox_ipc_client_take_fd(struct unbox_ipc_client *client)
{
    if (!client->offered || *client->offered < 0)
        return -ENODATA;
    return STEAL_FD(*client->offered);
}
