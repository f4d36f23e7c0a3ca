/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The asking side for command-line tools: an event loop of their own, for one question. */

#include <string.h>

#include "ipc-client.h"

struct sync {
    sd_event *event;
    json_t *result;
    char *code;
    char *message;
};

static void on_reply(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct sync *sync = userdata;

    sync->result = json_incref(result);
    sync->code = code ? strdup(code) : NULL;
    sync->message = message ? strdup(message) : NULL;
    (void)sd_event_exit(sync->event, error);
}

int unbox_ipc_call_sync(const char *path, const char *method, json_t *params, uint64_t timeout_usec,
        json_t **ret_result, char **ret_code, char **ret_message)
{
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    _cleanup_json_ json_t *owned = params;
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    struct sync sync = {};
    int r;

    r = sd_event_new(&event);
    if (r < 0)
        return r;
    sync.event = event;
    r = unbox_ipc_client_new(event, path, &client);
    if (r < 0)
        return r;
    r = unbox_ipc_client_call(client, method, STEAL(owned), timeout_usec, on_reply, &sync);
    if (r < 0)
        return r;
    r = sd_event_loop(event);
    if (r >= 0) {
        *ret_result = sync.result;
    } else {
        if (ret_code)
            *ret_code = STEAL(sync.code);
        if (ret_message)
            *ret_message = STEAL(sync.message);
    }
    free(sync.code);
    free(sync.message);
    return r;
}

struct listener {
    sd_event *event;
    unbox_ipc_event_fn handler;
    unbox_ipc_state_fn state;
    void *userdata;
    bool subscribed;
    int value; /* what the handler returned at last */
    int error;
    char *message;
};

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct listener *listener = userdata;

    listener->value = listener->handler(topic, data, seq, listener->userdata);
    if (listener->value != 0)
        (void)sd_event_exit(listener->event, 0);
    return listener->value;
}

static void on_state(int error, const char *message, void *userdata)
{
    struct listener *listener = userdata;

    if (error >= 0)
        listener->subscribed = true;
    if (!listener->subscribed) {
        listener->error = error;
        listener->message = message ? strdup(message) : NULL;
        (void)sd_event_exit(listener->event, 0);
    } else if (listener->state) {
        listener->state(error, message, listener->userdata);
    }
}

int unbox_ipc_subscribe_sync(const char *path, const char *const *topics, uint64_t since,
        unbox_ipc_event_fn event, unbox_ipc_state_fn state, void *userdata, char **ret_message)
{
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    _cleanup_(sd_event_unref_p) sd_event *loop = NULL;
    struct listener listener = {.handler = event, .state = state, .userdata = userdata};
    int r;

    r = sd_event_new(&loop);
    if (r < 0)
        return r;
    listener.event = loop;
    r = unbox_ipc_client_new(loop, path, &client);
    if (r < 0)
        return r;
    r = unbox_ipc_client_subscribe(client, topics, since, on_event, on_state, &listener);
    if (r < 0)
        return r;
    r = sd_event_loop(loop);
    if (r >= 0)
        r = listener.error < 0 ? listener.error : listener.value;
    if (listener.error < 0 && ret_message)
        *ret_message = STEAL(listener.message);
    free(listener.message);
    return r;
}
