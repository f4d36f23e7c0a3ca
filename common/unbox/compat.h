/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The library under plain names, for applications that are written to them: daemon_*, service_*,
 * ipc_*. Each is one unbox_* function and nothing more; daemon.h, service.h and ipc.h say what it
 * does, who owns what and how it fails. Whoever has names of his own that begin so includes those
 * headers instead.
 *
 * The daemon_* calls block, at most UNBOX_DAEMON_TIMEOUT_USEC. The others want an event loop:
 * unbox/run.h has one.
 */

#include "daemon.h"
#include "ipc.h"
#include "run.h"
#include "service.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Units: create, start, stop, restart, reload, status, remove. */

static inline int daemon_create(const char *name, const struct unbox_daemon_settings *settings,
        struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_create(name, settings, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_start(const char *name, struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_start(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_stop(const char *name, struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_stop(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_restart(const char *name, struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_restart(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_reload(const char *name, struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_reload(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_set_limits(const char *name, const struct unbox_daemon_limits *limits,
        struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_set_limits(name, limits, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

static inline int daemon_status(const char *name, struct unbox_daemon_status *ret_status,
        struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_get_status(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_status, ret_error);
}

static inline int daemon_remove(const char *name, struct unbox_daemon_error *ret_error)
{
    return unbox_daemon_remove(name, UNBOX_DAEMON_TIMEOUT_USEC, ret_error);
}

/* The registry: register, unregister, discover, list, watch. */

static inline int service_register(sd_event *event, const struct unbox_service_options *options,
        unbox_ipc_state_fn state, void *userdata, struct unbox_service **ret)
{
    return unbox_service_register(event, options, state, userdata, ret);
}

static inline int service_unregister(
        struct unbox_service *service, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_service_unregister(service, reply, userdata);
}

static inline int service_discover(
        struct unbox_ipc_client *client, const char *name, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_service_discover(client, name, reply, userdata);
}

static inline int service_list(
        struct unbox_ipc_client *client, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_service_list(client, reply, userdata);
}

static inline int service_watch(sd_event *event, unbox_service_watch_fn changed, void *userdata,
        struct unbox_service_watch **ret)
{
    return unbox_service_watch_new(event, NULL, changed, userdata, ret);
}

/* A server of one's own, and a connection to another one's. */

static inline int ipc_serve(sd_event *event, const struct unbox_ipc_server_options *options,
        struct unbox_ipc_server **ret)
{
    return unbox_ipc_server_new(event, options, ret);
}

static inline int ipc_connect(sd_event *event, const char *path, struct unbox_ipc_client **ret)
{
    return unbox_ipc_client_new(event, path, ret);
}

static inline struct unbox_ipc_client *ipc_disconnect(struct unbox_ipc_client *client)
{
    return unbox_ipc_client_free(client);
}

/* A request, and its response: 10 s. */
static inline int ipc_request(struct unbox_ipc_client *client, const char *method, json_t *params,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_client_call(client, method, params, UINT64_C(10000000), reply, userdata);
}

/* Messages that wait for a consumer who is away: `client` is connected to healthd, as it is for
 * the events below. */

static inline int ipc_send(struct unbox_ipc_client *client, const char *queue, json_t *message,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_queue_send(client, queue, message, reply, userdata);
}

static inline int ipc_receive(struct unbox_ipc_client *client, const char *queue,
        unsigned wait_seconds, unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_queue_receive(client, queue, wait_seconds, reply, userdata);
}

static inline int ipc_acknowledge(struct unbox_ipc_client *client, const char *queue, uint64_t id,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_queue_ack(client, queue, id, reply, userdata);
}

/* Events. */

static inline int ipc_subscribe(struct unbox_ipc_client *client, const char *const *topics,
        unbox_ipc_event_fn event, void *userdata)
{
    return unbox_ipc_client_subscribe(client, topics, UNBOX_IPC_SINCE_NOW, event, NULL, userdata);
}

static inline int ipc_publish(struct unbox_ipc_client *client, const char *topic, json_t *data,
        unbox_ipc_reply_fn reply, void *userdata)
{
    return unbox_ipc_publish(client, topic, data, reply, userdata);
}

#ifdef __cplusplus
}
#endif
