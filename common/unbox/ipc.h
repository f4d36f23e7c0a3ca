/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How daemons talk: stream sockets under /run/unbox, one JSON object a line.
 *
 *   {"id":1,"method":"get_health","params":{…}}
 *                           →  {"id":1,"result":{…}}
 *                           or {"id":1,"error":{"code":"NOT_FOUND","message":"…"}}
 *
 * Requests may be pipelined and are answered out of order. Every server answers `ping` and
 * `describe`. A line that is no request is answered with an error, and the connection lives on; a
 * line over 64 KiB is answered and the connection closed. Who may call what is decided from the
 * peer's credentials.
 *
 *   {"id":2,"method":"subscribe","params":{"topics":["health.*"],"since":1700000000123}}
 *                                            →  {"id":2,"result":{"seq":1700000000130}}
 *                                               {"event":"health.failed","data":{…},"seq":…}
 *
 * Events come in the order in which they were published, each at most once. `seq` grows over all
 * topics of a server, also over its restarts; it has holes. A subscriber who doesn't read is told
 * so by a last event, "dropped", and loses his connection; he slows nobody.
 *
 * What doesn't fit into a line travels as a sealed memfd beside it (SCM_RIGHTS on the line's first
 * byte), as JSON of the size that the line says; client and server here do it by themselves, and
 * neither a handler nor a callback sees a difference. An event's memfd is the same for all, its
 * offset too: others than these read it by pread() or mmap().
 *
 *   {"id":4,"method":"m","sealed":123456}       the params of a request, instead of "params"
 *   {"id":4,"sealed":123456}                    the result, instead of "result"
 *   {"event":"topic","sealed":123456,"seq":…}   the data of an event, instead of "data"
 *
 * {"id":3,"result":{…},"fd":true} has a descriptor for the caller himself. A server takes params of
 * its `request_max` at most (TOO_LARGE). One descriptor that is no sealed memfd of that size, more
 * than one with a line, or one that no line announces is closed and answered with INVALID_REQUEST
 * (in the last case to nobody's id), and the connection lives on.
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
#define UNBOX_IPC_PAYLOAD_MAX (16 * 1024 * 1024) /* of a memfd, in bytes */
#define UNBOX_IPC_REQUEST_MAX (2 * 1024 * 1024)  /* of a server that names no other size */
#define UNBOX_IPC_EVENT_MAX (2 * 1024 * 1024)    /* of an event's data as JSON, in bytes */
#define UNBOX_IPC_TOPIC_MAX 128                  /* bytes of a topic or pattern */
#define UNBOX_IPC_TOPICS_MAX 32                  /* patterns of one subscriber */
#define UNBOX_IPC_CLIENTS_MAX 64                 /* of a server that names no other number */

/* Events that are no topic: something is missing here; you have been too slow. */
#define UNBOX_IPC_GAP "gap"         /* data {"after":seq,"before":seq}: between these two */
#define UNBOX_IPC_DROPPED "dropped" /* data {"reason":text}; the connection ends */

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
#define UNBOX_IPC_QUEUE_FULL "QUEUE_FULL"
#define UNBOX_IPC_TOO_LARGE "TOO_LARGE"

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

/*
 * A topic that a server publishes, for `describe`; ended by one without a name. A name is words of
 * letters, digits, '_', '-', '@', ':' between dots; in a pattern the word '*' stands for any one
 * word, and as the last word for one or more.
 */
struct unbox_ipc_topic {
    const char *name; /* or pattern */
    const char *description;
    bool durable; /* kept: who subscribes with `since` is told what he missed */
};

/* Somebody who is being told what he missed. */
struct unbox_ipc_replay;

/* What a server knows of the past. Without it, `since` is answered with a gap. */
struct unbox_ipc_history {
    /*
     * Tell all events after `since`, oldest first, by unbox_ipc_replay_event() and _gap(), at once
     * or later, and then call unbox_ipc_replay_end(). Events published meanwhile are not sent to
     * this subscriber by the server: those that are kept belong to what is told.
     */
    void (*begin)(struct unbox_ipc_replay *replay, uint64_t since, void *userdata);
    /* The subscriber has gone: `replay` is invalid afterwards. */
    void (*cancel)(struct unbox_ipc_replay *replay, void *userdata);
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
    void *userdata;                          /* of the handlers, of audit and of history */
    const struct unbox_ipc_topic *topics;    /* borrowed; NULL: no `subscribe` */
    const struct unbox_ipc_history *history; /* borrowed; optional */
    uint64_t first_seq; /* events get numbers above; 0 and what the clock has outrun: the clock */
    /* 0: UNBOX_IPC_CLIENTS_MAX. One user has at most three quarters of it; root has as many of his
     * own, whatever the others do. */
    unsigned clients_max;
    /* Bytes of a request's params that come sealed; 0: UNBOX_IPC_REQUEST_MAX. No more than
     * UNBOX_IPC_PAYLOAD_MAX. In memory their values may take many times as much. */
    size_t request_max;
};

/* Binds, listens, and serves from the event loop. 0 or a negative errno; free with _free(). */
int unbox_ipc_server_new(sd_event *event, const struct unbox_ipc_server_options *options,
        struct unbox_ipc_server **ret);

/*
 * Serves on the sockets that systemd has passed, too: those of each socket unit with `Service=`
 * this one, for applications that expect the server at another path. Mode and group are the socket
 * unit's (SocketMode=, SocketGroup=); who may what is decided as on the server's own. Once for each
 * process. How many, or a negative errno, -EPROTOTYPE: one is no listening Unix stream socket; the
 * server's own goes on in any case.
 */
int unbox_ipc_server_listen_inherited(struct unbox_ipc_server *server);

/* Closes all connections and removes the socket; unanswered calls become invalid. Accepts NULL;
 * returns NULL. */
struct unbox_ipc_server *unbox_ipc_server_free(struct unbox_ipc_server *server);

/* Answers with `result`, which is taken over (NULL: JSON null); one that is too large for a line
 * goes as a sealed memfd. `call` is invalid afterwards. Returns 0 or a negative errno. */
int unbox_ipc_reply(struct unbox_ipc_call *call, json_t *result);

/* The same with a result that is JSON text already, on one line, as json_dumps() makes it: for an
 * answer that is asked for more often than it changes. Borrowed. */
int unbox_ipc_reply_text(struct unbox_ipc_call *call, const char *result, size_t size);

/* unbox_ipc_reply() with a descriptor beside it, usually of unbox_ipc_memfd_new(). Both are taken
 * over. */
int unbox_ipc_reply_fd(struct unbox_ipc_call *call, json_t *result, int fd);

/* Answers with an error. `call` is invalid afterwards. Returns 0 or a negative errno. */
int unbox_ipc_reply_error(struct unbox_ipc_call *call, const char *code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Who called, for audit entries: borrowed, valid as long as the call. `unit` is "" when it has
 * none. */
const char *unbox_ipc_call_method(const struct unbox_ipc_call *call);
pid_t unbox_ipc_call_pid(const struct unbox_ipc_call *call);
uid_t unbox_ipc_call_uid(const struct unbox_ipc_call *call);
const char *unbox_ipc_call_unit(const struct unbox_ipc_call *call);

/* Whether the caller is still connected: for an answer that can be given once only. */
bool unbox_ipc_call_connected(const struct unbox_ipc_call *call);

/* Whether the caller has this role; the user unbox-web has none but READ. */
bool unbox_ipc_call_may(const struct unbox_ipc_call *call, enum unbox_ipc_role role);

/*
 * Publishes an event to whoever has subscribed; never blocks, and fails for nobody else because of
 * one. `data` is taken over (NULL: JSON null); what fits into no line goes to all in the same
 * sealed memfd. A subscriber with 256 KiB of lines unsent, or 4 MiB or 32 of sealed data unread, is
 * dropped. 0, -EINVAL: `topic` is none, -EMSGSIZE: over UNBOX_IPC_EVENT_MAX, or another negative
 * errno. *ret_seq (may be NULL) is set on success.
 */
int unbox_ipc_server_publish(
        struct unbox_ipc_server *server, const char *topic, json_t *data, uint64_t *ret_seq);

/* The number of the last event, or the one before the first. */
uint64_t unbox_ipc_server_seq(const struct unbox_ipc_server *server);

/* One event of the past, which has to fit into a line: sent if the subscriber wants that topic.
 * `data` is borrowed. Returns 0, -EAGAIN: sent, but he reads slower than this, go on when the loop
 * has turned; or another negative errno. */
int unbox_ipc_replay_event(
        struct unbox_ipc_replay *replay, const char *topic, json_t *data, uint64_t seq);

/* Events after `after` and before `before` may be missing. 0 or a negative errno. */
int unbox_ipc_replay_gap(struct unbox_ipc_replay *replay, uint64_t after, uint64_t before);

/* That was all: he lives now. `replay` is invalid afterwards. */
void unbox_ipc_replay_end(struct unbox_ipc_replay *replay);

/* Whether `text` is a topic (or, with `pattern`, a pattern), and whether a pattern matches. */
bool unbox_ipc_topic_valid(const char *text, bool pattern);
bool unbox_ipc_topic_match(const char *pattern, const char *topic);

/*
 * Large payloads. _new() makes a memfd with `size` bytes of `data`, sealed against any change;
 * returns the descriptor or a negative errno. _read() takes what came from a peer: -EPERM when it
 * is not sealed (it could change or shrink under the reader), -EFBIG when over `max`; *ret_data is
 * allocated, followed by one NUL byte, the caller frees it. `fd` stays the caller's.
 */
int unbox_ipc_memfd_new(const char *name, const void *data, size_t size);
int unbox_ipc_memfd_read(int fd, size_t max, char **ret_data, size_t *ret_size);

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
 * Calls `method`; `params` is taken over, on failure too, and may be NULL; they go sealed when they
 * fit into no line. `reply` is called
 * exactly once, from the event loop, within `timeout_usec`, unless the client is freed before.
 * Returns 0 or a negative errno (then never).
 */
int unbox_ipc_client_call(struct unbox_ipc_client *client, const char *method, json_t *params,
        uint64_t timeout_usec, unbox_ipc_reply_fn reply, void *userdata);

/* Only in a reply's callback: the descriptor that came with the answer, from now on the caller's,
 * or -ENODATA. To be read by unbox_ipc_memfd_read(). */
int unbox_ipc_client_take_fd(struct unbox_ipc_client *client);

/* An event, or UNBOX_IPC_GAP, or UNBOX_IPC_DROPPED. `data` is borrowed. Return 0 to go on; anything
 * else ends the subscription, after which nothing more is called. The client must not be freed. */
typedef int (*unbox_ipc_event_fn)(const char *topic, json_t *data, uint64_t seq, void *userdata);

/* 0: subscribed, now or again; negative: not (any more), `message` says why, and it is tried again
 * after 250 ms, then later and later, at most 5 s. The client must not be freed. */
typedef void (*unbox_ipc_state_fn)(int error, const char *message, void *userdata);

#define UNBOX_IPC_SINCE_NOW 0

/*
 * Subscribes to `topics` (patterns, NULL at the end, copied): connects, and does it again whenever
 * the peer comes back, with `since` the last event seen, so that what is durable isn't missed.
 * `since`: first told what came after that event, UNBOX_IPC_SINCE_NOW: nothing old. `state` is
 * optional. One subscription for each client; calls may be made beside it. 0, -EBUSY, or a negative
 * errno.
 */
int unbox_ipc_client_subscribe(struct unbox_ipc_client *client, const char *const *topics,
        uint64_t since, unbox_ipc_event_fn event, unbox_ipc_state_fn state, void *userdata);

/*
 * The same for command-line tools: runs until `event` returns something else than 0, and returns
 * that. A first attempt that fails is the end: returns the negative errno, *ret_message (may be
 * NULL) is the caller's then; later ones are repeated.
 */
int unbox_ipc_subscribe_sync(const char *path, const char *const *topics, uint64_t since,
        unbox_ipc_event_fn event, unbox_ipc_state_fn state, void *userdata, char **ret_message);

/*
 * Calls of healthd, which is the bus. As unbox_ipc_client_call() with 10 s; `reply` may be NULL.
 *
 * publish: result {"seq":n}; PERMISSION_DENIED for a topic of somebody else's; TOO_LARGE when topic
 *   and data have over UNBOX_IPC_REQUEST_MAX, or, for a durable topic, the data over 65280 bytes as
 *   JSON: it has to fit into an entry of the journal, and into a line when it is told again.
 * queue_send: leaves a message for a consumer that may be away: on disk when answered, result
 *   {"id":n}, or UNBOX_IPC_QUEUE_FULL.
 * queue_receive: the oldest message that nobody has been given, result {"id":n,"message":…,
 *   "attempt":n}; waits up to `wait_seconds` (at most 3600), then null. Not acknowledged within
 *   60 s it is given out again: each message arrives at least once.
 * queue_ack: done with message `id`; removed from disk when answered.
 */
int unbox_ipc_publish(struct unbox_ipc_client *client, const char *topic, json_t *data,
        unbox_ipc_reply_fn reply, void *userdata);
int unbox_ipc_queue_send(struct unbox_ipc_client *client, const char *queue, json_t *message,
        unbox_ipc_reply_fn reply, void *userdata);
int unbox_ipc_queue_receive(struct unbox_ipc_client *client, const char *queue,
        unsigned wait_seconds, unbox_ipc_reply_fn reply, void *userdata);
int unbox_ipc_queue_ack(struct unbox_ipc_client *client, const char *queue, uint64_t id,
        unbox_ipc_reply_fn reply, void *userdata);

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
