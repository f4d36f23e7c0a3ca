/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The serving side of the IPC: finds out who the peer is, checks that he may, and calls the
 * method's handler. A call outlives its connection, so that a handler may answer late without
 * asking.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ipc-line.h"
#include "ipc-sealed.h"
#include "ipc-server.h"
#include "util.h"

#define CALLS_MAX 32 /* in flight on one connection */

DEFINE_CLEANUP(struct unbox_ipc_server *, unbox_ipc_server_free);

static void connection_free(struct connection *connection)
{
    ipc_stream_unref(connection->stream);
    free(connection->peer.unit);
    free(connection);
}

/* Takes it out of the server; what is still being worked on keeps it alive until it is answered. */
static void connection_drop(struct connection *connection)
{
    struct unbox_ipc_server *server = connection->server;

    if (connection->gone)
        return;
    connection->gone = true;
    for (struct connection **c = &server->connections; *c; c = &(*c)->next)
        if (*c == connection) {
            *c = connection->next;
            break;
        }
    ipc_subscribe_end(connection);
    ipc_stream_close(connection->stream);
    if (connection->calls == 0)
        connection_free(connection);
}

/* One who doesn't read what he asked for is dropped: he must not cost memory without bound. */
static void connection_check(struct connection *connection, int error)
{
    if (error < 0 && !connection->gone) {
        ipc_subscribe_end(connection);
        ipc_stream_drop(connection->stream, NULL);
    }
}

static void connection_send(struct connection *connection, json_t *message)
{
    _cleanup_json_ json_t *owned = message;

    if (!connection->gone)
        connection_check(connection, owned ? ipc_stream_send(connection->stream, owned) : -ENOMEM);
}

/* `fd` is taken over in any case. */
static void connection_send_fd(struct connection *connection, json_t *message, int fd)
{
    _cleanup_json_ json_t *owned = message;
    _cleanup_(ipc_payload_unref_p) struct ipc_payload *payload = ipc_payload_new(fd, 0);

    if (!connection->gone)
        connection_check(connection,
                owned && payload ? ipc_stream_send_payload(connection->stream, owned, payload)
                                 : -ENOMEM);
}

static void call_free(struct unbox_ipc_call *call)
{
    struct connection *connection = call->connection;

    json_decref(call->id);
    free(call);
    if (--connection->calls == 0 && connection->gone)
        connection_free(connection);
}

/* A result that fits into no line. `text` NULL: there was no memory for it. */
static void send_sealed(struct unbox_ipc_call *call, const char *text, size_t size)
{
    int fd = text ? unbox_ipc_memfd_new("unbox-ipc-result", text, size) : -ENOMEM;

    if (fd < 0)
        connection_send(call->connection,
                ipc_answer_error(call->id, UNBOX_IPC_INTERNAL_ERROR, "the answer is too large"));
    else
        connection_send_fd(call->connection,
                json_pack("{s:O, s:I}", "id", call->id, "sealed", (json_int_t)size), fd);
}

int unbox_ipc_reply(struct unbox_ipc_call *call, json_t *result)
{
    _cleanup_json_ json_t *answer = ipc_answer_result(call->id, result);

    if (answer && json_dumpb(answer, NULL, 0, JSON_COMPACT) > UNBOX_IPC_LINE_MAX) {
        _cleanup_free_ char *text =
                json_dumps(json_object_get(answer, "result"), JSON_COMPACT | JSON_ENCODE_ANY);

        send_sealed(call, text, text ? strlen(text) : 0);
    } else
        connection_send(call->connection, STEAL(answer));
    call_free(call);
    return 0;
}

int unbox_ipc_reply_text(struct unbox_ipc_call *call, const char *result, size_t size)
{
    struct connection *connection = call->connection;
    _cleanup_free_ char *line = NULL;
    size_t line_size = 0;
    int r = ipc_answer_text(call->id, result, size, &line, &line_size);

    if (r >= 0 && line_size - 1 > UNBOX_IPC_LINE_MAX)
        send_sealed(call, result, size);
    else if (!connection->gone)
        connection_check(connection, r < 0 ? r
                                           : ipc_stream_send_line(connection->stream, line,
                                                     line_size, IPC_STREAM_QUEUE_MAX));
    call_free(call);
    return 0;
}

int unbox_ipc_reply_fd(struct unbox_ipc_call *call, json_t *result, int fd)
{
    json_t *answer = ipc_answer_result(call->id, result);

    if (answer && json_object_set_new(answer, "fd", json_true()) < 0) {
        json_decref(answer);
        answer = NULL;
    }
    connection_send_fd(call->connection, answer, fd);
    call_free(call);
    return 0;
}

int unbox_ipc_reply_error(struct unbox_ipc_call *call, const char *code, const char *format, ...)
{
    _cleanup_free_ char *message = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&message, format, args) < 0)
        message = NULL;
    va_end(args);
    connection_send(call->connection, ipc_answer_error(call->id, code, message ?: code));
    call_free(call);
    return 0;
}

const char *unbox_ipc_call_method(const struct unbox_ipc_call *call)
{
    return call->method->name;
}

pid_t unbox_ipc_call_pid(const struct unbox_ipc_call *call)
{
    return call->connection->peer.pid;
}

uid_t unbox_ipc_call_uid(const struct unbox_ipc_call *call)
{
    return call->connection->peer.uid;
}

const char *unbox_ipc_call_unit(const struct unbox_ipc_call *call)
{
    return call->connection->peer.unit ?: "";
}

bool unbox_ipc_call_connected(const struct unbox_ipc_call *call)
{
    return !call->connection->gone;
}

bool unbox_ipc_call_may(const struct unbox_ipc_call *call, enum unbox_ipc_role role)
{
    const struct ipc_peer *peer = &call->connection->peer;

    return peer->web ? role == UNBOX_IPC_READ : peer->role >= role;
}

static int ping(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply(call, json_string("pong"));
}

static int describe(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    static const char *const roles[] = {
            [UNBOX_IPC_READ] = "read",
            [UNBOX_IPC_OPERATE] = "operate",
            [UNBOX_IPC_ADMIN] = "admin",
    };
    const struct unbox_ipc_server_options *options = &call->connection->server->options;
    json_t *methods = json_array();

    for (const struct unbox_ipc_method *m = options->methods; m->name; m++)
        json_array_append_new(methods, json_pack("{s:s, s:s, s:s}", "name", m->name, "description",
                                               m->description, "role", roles[m->role]));
    return unbox_ipc_reply(
            call, json_pack("{s:s, s:s, s:s, s:o, s:o}", "name", options->name, "version",
                          options->version, "description", options->description, "methods", methods,
                          "topics", ipc_subscribe_topics(call->connection->server)));
}

static const struct unbox_ipc_method built_in[] = {
        {"ping", "Answers pong.", UNBOX_IPC_READ, true, ping},
        {"describe", "Names the service and its methods.", UNBOX_IPC_READ, true, describe},
        {},
};

static const struct unbox_ipc_method subscribing[] = {
        {"subscribe", "Sends the events of {\"topics\"}, and with {\"since\"} what was missed.",
                UNBOX_IPC_READ, true, ipc_subscribe},
        {},
};

static const struct unbox_ipc_method *find_in(
        const struct unbox_ipc_method *methods, const char *name)
{
    for (; methods->name; methods++)
        if (strcmp(methods->name, name) == 0)
            return methods;
    return NULL;
}

static const struct unbox_ipc_method *find_method(
        const struct unbox_ipc_server *server, const char *name)
{
    const struct unbox_ipc_method *method = find_in(built_in, name);

    if (!method && server->options.topics)
        method = find_in(subscribing, name);
    return method ?: find_in(server->options.methods, name);
}

static void dispatch(struct connection *connection, const struct unbox_ipc_method *method,
        struct ipc_request *request)
{
    const struct unbox_ipc_server_options *options = &connection->server->options;
    struct unbox_ipc_call *call = calloc(1, sizeof(*call));
    int r;

    if (!call) {
        connection_send(connection,
                ipc_answer_error(request->id, UNBOX_IPC_INTERNAL_ERROR, strerrordesc_np(ENOMEM)));
        return;
    }
    *call = (struct unbox_ipc_call){connection, method, json_incref(request->id)};
    connection->calls++;
    if (method->role > UNBOX_IPC_READ && options->audit)
        options->audit(call, options->userdata);
    r = method->handler(call, request->params, options->userdata);
    if (r < 0)
        (void)unbox_ipc_reply_error(
                call, UNBOX_IPC_INTERNAL_ERROR, "%s", strerrordesc_np(-r) ?: "failed");
}

static void on_line(const char *line, size_t size, void *userdata)
{
    struct connection *connection = userdata;
    const struct unbox_ipc_method *method = NULL;
    const char *code = NULL, *message = NULL;
    _cleanup_(ipc_request_clear) struct ipc_request request;
    _cleanup_close_ int fd = -1;

    if (ipc_request_parse(line, size, &request, &code, &message) >= 0) {
        if (request.sealed >= 0)
            fd = ipc_stream_take_fd(connection->stream);
        method = find_method(connection->server, request.method);
        if (!method)
            code = UNBOX_IPC_UNKNOWN_METHOD, message = "there is no such method; ask describe";
        else if (!ipc_peer_may_call(&connection->peer, method))
            code = UNBOX_IPC_PERMISSION_DENIED, message = "the caller may not do this";
        else if (connection->calls >= CALLS_MAX)
            code = UNBOX_IPC_BUSY, message = "too many requests in flight on this connection";
        else if (request.sealed >= 0)
            (void)ipc_sealed_params(
                    &request, fd, connection->server->options.request_max, &code, &message);
    }
    if (code)
        connection_send(connection, ipc_answer_error(request.id, code, message));
    else
        dispatch(connection, method, &request);
}

static void on_oversize(void *userdata)
{
    struct connection *connection = userdata;

    connection_send(connection,
            ipc_answer_error(NULL, UNBOX_IPC_INVALID_REQUEST, "a line has at most 64 KiB"));
    ipc_stream_finish(connection->stream);
}

static void on_unwanted(void *userdata)
{
    connection_send(userdata, ipc_answer_error(NULL, UNBOX_IPC_INVALID_REQUEST,
                                      "a descriptor came that no line had announced"));
}

static void on_closed(int error, void *userdata)
{
    connection_drop(userdata);
}

/* One user shall not keep all others out; nobody keeps root out, who has a number of his own. */
static bool is_crowded(const struct unbox_ipc_server *server, const struct ipc_peer *peer)
{
    unsigned max = server->options.clients_max, same = 0, others = 0;

    for (const struct connection *c = server->connections; c; c = c->next) {
        same += c->peer.uid == peer->uid;
        others += c->peer.uid != 0;
    }
    return peer->uid == 0 ? same > max : others > max || same > max - max / 4;
}

int ipc_server_add_connection(struct unbox_ipc_server *server, int fd)
{
    static const struct ipc_stream_ops ops = {on_line, on_oversize, on_closed, on_unwanted};
    struct connection *connection = calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    connection->server = server;
    r = ipc_peer_identify(&server->roles, fd, &connection->peer);
    if (r >= 0)
        r = ipc_stream_new(server->event, fd, &ops, connection, &connection->stream);
    if (r < 0) {
        connection_free(connection);
        return r;
    }
    connection->next = server->connections;
    server->connections = connection;
    if (is_crowded(server, &connection->peer)) {
        connection_send(connection,
                ipc_answer_error(NULL, UNBOX_IPC_BUSY, "too many clients; try again later"));
        ipc_stream_finish(connection->stream);
    }
    return 0;
}

/* Milliseconds: more than any server will publish, so that one that has forgotten its last number
 * begins above it all the same. */
static uint64_t first_seq(uint64_t last)
{
    struct timespec now;
    uint64_t clock;

    if (clock_gettime(CLOCK_REALTIME, &now) < 0)
        return last;
    clock = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
    return clock > last ? clock : last;
}

int unbox_ipc_server_new(sd_event *event, const struct unbox_ipc_server_options *options,
        struct unbox_ipc_server **ret)
{
    _cleanup_(unbox_ipc_server_free_p) struct unbox_ipc_server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->event = sd_event_ref(event);
    server->options = *options;
    if (server->options.clients_max == 0)
        server->options.clients_max = UNBOX_IPC_CLIENTS_MAX;
    if (server->options.request_max == 0)
        server->options.request_max = UNBOX_IPC_REQUEST_MAX;
    if (server->options.request_max > UNBOX_IPC_PAYLOAD_MAX)
        server->options.request_max = UNBOX_IPC_PAYLOAD_MAX;
    server->seq = first_seq(options->first_seq);
    ipc_roles_init(&server->roles);

    r = ipc_socket_bind(options->path, server->roles.operators);
    if (r < 0)
        return r;
    r = ipc_server_add_socket(server, r);
    if (r < 0)
        return r;
    server->path = strdup(options->path);
    if (!server->path)
        return -ENOMEM;
    *ret = STEAL(server);
    return 0;
}

struct unbox_ipc_server *unbox_ipc_server_free(struct unbox_ipc_server *server)
{
    if (!server)
        return NULL;
    while (server->connections)
        connection_drop(server->connections);
    ipc_server_close_sockets(server);
    if (server->path)
        (void)unlink(server->path);
    free(server->path);
    sd_event_unref(server->event);
    free(server);
    return NULL;
}
