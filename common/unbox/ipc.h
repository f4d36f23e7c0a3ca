/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How daemons talk: stream sockets under /run/unbox, one JSON object a line.
 *
 *   {"id":1,"method":"get_health","params":{…}}  →  {"id":1,"result":{…}}
 *                                                or
 * {"id":1,"error":{"code":"NOT_FOUND","message":"…"}}
 *
 * Requests may be pipelined and are answered out of order. Every server answers `ping` and
 * `describe`. A line that is no request is answered with an error, and the connection lives on; a
 * line over 64 KiB is answered and the connection closed. Who may call what is decided from the
 * peer's credentials.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNBOX_IPC_LINE_MAX (64 * 1024)

/* The codes that belong to the protocol; a method may have more of its own. */
#define UNBOX_IPC_PARSE_ERROR "PARSE_ERROR"
#define UNBOX_IPC_INVALID_REQUEST "INVALID_REQUEST"
#define UNBOX_IPC_UNKNOWN_METHOD "UNKNOWN_METHOD"
#define UNBOX_IPC_INVALID_PARAMS "INVALID_PARAMS"
#define UNBOX_IPC_PERMISSION_DENIED "PERMISSION_DENIED"
#define UNBOX_IPC_NOT_FOUND "NOT_FOUND"
#define UNBOX_IPC_BUSY "BUSY"
#define UNBOX_IPC_TIMEOUT "TIMEOUT"
#define UNBOX_IPC_INTERNAL_ERROR "INTERNAL_ERROR"

/*
 * Who may call a method. Whoever can connect (the socket is 0660, group unbox) may read; members
 * of unbox may operate; members of unbox-admin and root may all.
 */
enum unbox_ipc_role {
    UNBOX_IPC_READ,
    UNBOX_IPC_OPERATE,
    UNBOX_IPC_ADMIN,
};

struct unbox_ipc_server;
struct unbox_ipc_call;

/*
 * A method. The handler owns neither `call` nor `params` (a JSON object, never NULL). It answers
 * with one of unbox_ipc_reply*(), at once or later; until then `call` stays valid, also when the
 * caller has gone. A negative return means that it has not answered and won't: the caller gets
 * INTERNAL_ERROR.
 */
struct unbox_ipc_method {
    const char *name;
    const char *description; /* one sentence, for `describe` */
    enum unbox_ipc_role role;
    bool web; /* the page may call it: the user unbox-web has these methods and no role */
    int (*handler)(struct unbox_ipc_call *call, json_t *params, void *userdata);
};

struct unbox_ipc_server_options {
    const char *path; /* of the socket; replaced when it is there */
    const char *name; /* of the service, for `describe` */
    const char *version;
    const char *description;
    const struct unbox_ipc_method *methods; /* ended by one without a name; borrowed */
    /* Called once before the answer to a call that is neither `read` nor refused; for the log.
     * Optional. */
    void (*audit)(const struct unbox_ipc_call *call, void *userdata);
    void *userdata; /* of the handlers and of audit */
};

/* Binds, listens, and serves from the event loop. 0 or a negative errno; free with _free(). */
int unbox_ipc_server_new(sd_event *event, const struct unbox_ipc_server_options *options,
        struct unbox_ipc_server **ret);

/* Closes all connections and removes the socket; unanswered calls become invalid. Accepts NULL;
 * returns NULL. */
struct unbox_ipc_server *unbox_ipc_server_free(struct unbox_ipc_server *server);

/* Answers with `result`, which is taken over (NULL: JSON null). `call` is invalid afterwards.
 * Returns 0 or a negative errno. */
int unbox_ipc_reply(struct unbox_ipc_call *call, json_t *result);

/* Answers with an error. `call` is invalid afterwards. Returns 0 or a negative errno. */
int unbox_ipc_reply_error(struct unbox_ipc_call *call, const char *code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Who called, for audit entries: borrowed, valid as long as the call. `unit` is "" when it has
 * none. */
const char *unbox_ipc_call_method(const struct unbox_ipc_call *call);
pid_t unbox_ipc_call_pid(const struct unbox_ipc_call *call);
uid_t unbox_ipc_call_uid(const struct unbox_ipc_call *call);
const char *unbox_ipc_call_unit(const struct unbox_ipc_call *call);

struct unbox_ipc_client;

/*
 * The answer to a call. `error` is 0 with `result` (borrowed); -EREMOTEIO with `code` and `message`
 * from the peer; or another negative errno with the same two filled in by the library (-ETIMEDOUT,
 * -ECONNREFUSED: nobody serves there, -ECONNRESET: it went away, -EBADMSG: it answered garbage).
 */
typedef void (*unbox_ipc_reply_fn)(
        int error, json_t *result, const char *code, const char *message, void *userdata);

/*
 * A client of the socket at `path`. It connects at the first call, and again at the next one when
 * the peer has gone. 0 or a negative errno.
 */
int unbox_ipc_client_new(sd_event *event, const char *path, struct unbox_ipc_client **ret);

/* Calls not answered yet are dropped without their callback. Accepts NULL; returns NULL. */
struct unbox_ipc_client *unbox_ipc_client_free(struct unbox_ipc_client *client);

/*
 * Calls `method`; `params` is taken over, on failure too, and may be NULL. `reply` is called
 * exactly once, from the event loop, within `timeout_usec`, unless the client is freed before.
 * Returns 0 or a negative errno (then never).
 */
int unbox_ipc_client_call(struct unbox_ipc_client *client, const char *method, json_t *params,
        uint64_t timeout_usec, unbox_ipc_reply_fn reply, void *userdata);

/*
 * The same for command-line tools: connects, asks, waits. *ret_result is the caller's
 * (json_decref()). On -EREMOTEIO *ret_code and *ret_message are set, the caller frees them; either
 * may be NULL.
 */
int unbox_ipc_call_sync(const char *path, const char *method, json_t *params, uint64_t timeout_usec,
        json_t **ret_result, char **ret_code, char **ret_message);

#ifdef __cplusplus
}
#endif
