/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The serving side of the IPC: accepts, finds out who the peer is, checks that he may, and calls
 * the method's handler. A call outlives its connection, so that a handler may answer late without
 * asking.
 */

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-login.h>

#include "ipc-line.h"
#include "ipc-stream.h"
#include "unbox/ipc.h"
#include "util.h"

#define CLIENTS_MAX 64
#define CALLS_MAX 32 /* in flight on one connection */
#define GROUPS_MAX 256

struct peer {
    pid_t pid;
    uid_t uid;
    char *unit;
    enum unbox_ipc_role role;
    bool web;
};

struct connection {
    struct unbox_ipc_server *server;
    struct ipc_stream *stream;
    struct peer peer;
    unsigned calls;
    bool gone;
    struct connection *next;
};

struct unbox_ipc_call {
    struct connection *connection;
    const struct unbox_ipc_method *method;
    json_t *id;
};

struct unbox_ipc_server {
    sd_event *event;
    sd_event_source *io;
    int fd;
    char *path;
    struct unbox_ipc_server_options options;
    struct connection *connections;
    unsigned count;
    gid_t operators;
    gid_t admins;
    uid_t web;
};

DEFINE_CLEANUP(struct unbox_ipc_server *, unbox_ipc_server_free);

static gid_t group_id(const char *name)
{
    const struct group *group = getgrnam(name);

    return group ? group->gr_gid : (gid_t)-1;
}

static uid_t user_id(const char *name)
{
    const struct passwd *user = getpwnam(name);

    return user ? user->pw_uid : (uid_t)-1;
}

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
    server->count--;
    ipc_stream_close(connection->stream);
    if (connection->calls == 0)
        connection_free(connection);
}

static void connection_send(struct connection *connection, json_t *message)
{
    _cleanup_json_ json_t *owned = message;

    /* One who doesn't read what he asked for is dropped: he must not cost memory without bound. */
    if (!connection->gone && (!owned || ipc_stream_send(connection->stream, owned) < 0))
        ipc_stream_abort(connection->stream);
}

static void call_free(struct unbox_ipc_call *call)
{
    struct connection *connection = call->connection;

    json_decref(call->id);
    free(call);
    if (--connection->calls == 0 && connection->gone)
        connection_free(connection);
}

int unbox_ipc_reply(struct unbox_ipc_call *call, json_t *result)
{
    connection_send(call->connection, ipc_answer_result(call->id, result));
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
    return unbox_ipc_reply(call,
            json_pack("{s:s, s:s, s:s, s:o}", "name", options->name, "version", options->version,
                    "description", options->description, "methods", methods));
}

static const struct unbox_ipc_method built_in[] = {
        {"ping", "Answers pong.", UNBOX_IPC_READ, true, ping},
        {"describe", "Names the service and its methods.", UNBOX_IPC_READ, true, describe},
        {},
};

static const struct unbox_ipc_method *find_method(
        const struct unbox_ipc_method *methods, const char *name)
{
    for (; methods->name; methods++)
        if (strcmp(methods->name, name) == 0)
            return methods;
    return NULL;
}

static bool may_call(const struct peer *peer, const struct unbox_ipc_method *method)
{
    return peer->web ? method->web : peer->role >= method->role;
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

    if (ipc_request_parse(line, size, &request, &code, &message) >= 0) {
        method = find_method(built_in, request.method)
                         ?: find_method(connection->server->options.methods, request.method);
        if (!method)
            code = UNBOX_IPC_UNKNOWN_METHOD, message = "there is no such method; ask describe";
        else if (!may_call(&connection->peer, method))
            code = UNBOX_IPC_PERMISSION_DENIED, message = "the caller may not do this";
        else if (connection->calls >= CALLS_MAX)
            code = UNBOX_IPC_BUSY, message = "too many requests in flight on this connection";
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

static void on_closed(int error, void *userdata)
{
    connection_drop(userdata);
}

static bool in_group(const gid_t *groups, size_t count, gid_t group)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i] == group)
            return group != (gid_t)-1;
    return false;
}

static int identify(const struct unbox_ipc_server *server, int fd, struct peer *ret)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    gid_t groups[GROUPS_MAX + 1];
    socklen_t groups_size = sizeof(groups) - sizeof(gid_t);
    size_t count;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
        return -errno;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &groups_size) < 0)
        return -errno;
    count = groups_size / sizeof(gid_t);
    groups[count++] = credentials.gid;

    *ret = (struct peer){.pid = credentials.pid, .uid = credentials.uid};
    ret->web = server->web != (uid_t)-1 && credentials.uid == server->web;
    if (credentials.uid == 0 || credentials.uid == geteuid() ||
            in_group(groups, count, server->admins))
        ret->role = UNBOX_IPC_ADMIN;
    else if (in_group(groups, count, server->operators))
        ret->role = UNBOX_IPC_OPERATE;
    (void)sd_peer_get_unit(fd, &ret->unit);
    return 0;
}

static int add_connection(struct unbox_ipc_server *server, int fd)
{
    static const struct ipc_stream_ops ops = {on_line, on_oversize, on_closed};
    struct connection *connection = calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    connection->server = server;
    r = identify(server, fd, &connection->peer);
    if (r >= 0)
        r = ipc_stream_new(server->event, fd, &ops, connection, &connection->stream);
    if (r < 0) {
        connection_free(connection);
        return r;
    }
    connection->next = server->connections;
    server->connections = connection;
    if (++server->count > CLIENTS_MAX) {
        connection_send(connection,
                ipc_answer_error(NULL, UNBOX_IPC_BUSY, "too many clients; try again later"));
        ipc_stream_finish(connection->stream);
    }
    return 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    _cleanup_close_ int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    /* What fails here concerns this peer alone, and he sees his connection closed. */
    if (peer >= 0 && add_connection(userdata, peer) >= 0)
        peer = -1;
    return 0;
}

static int bind_socket(const char *path, gid_t group)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (fd < 0)
        return -errno;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    /* Nobody can get in between bind() and chmod(): only listen() lets them. */
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    if (group != (gid_t)-1 && chown(path, -1, group) < 0)
        return -errno;
    if (chmod(path, 0660) < 0)
        return -errno;
    if (listen(fd, SOMAXCONN) < 0)
        return -errno;
    return STEAL_FD(fd);
}

int unbox_ipc_server_new(sd_event *event, const struct unbox_ipc_server_options *options,
        struct unbox_ipc_server **ret)
{
    _cleanup_(unbox_ipc_server_free_p) struct unbox_ipc_server *server = calloc(1, sizeof(*server));
    int r;

    if (!server)
        return -ENOMEM;
    server->fd = -1;
    server->event = sd_event_ref(event);
    server->options = *options;
    server->operators = group_id("unbox");
    server->admins = group_id("unbox-admin");
    server->web = user_id("unbox-web");

    r = bind_socket(options->path, server->operators);
    if (r < 0)
        return r;
    server->fd = r;
    server->path = strdup(options->path);
    if (!server->path)
        return -ENOMEM;
    r = sd_event_add_io(event, &server->io, server->fd, EPOLLIN, on_connect, server);
    if (r < 0)
        return r;
    *ret = STEAL(server);
    return 0;
}

struct unbox_ipc_server *unbox_ipc_server_free(struct unbox_ipc_server *server)
{
    if (!server)
        return NULL;
    while (server->connections)
        connection_drop(server->connections);
    sd_event_source_disable_unref(server->io);
    if (server->fd >= 0)
        close(server->fd);
    if (server->path)
        (void)unlink(server->path);
    free(server->path);
    sd_event_unref(server->event);
    free(server);
    return NULL;
}
