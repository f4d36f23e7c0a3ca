/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A Unix socket takes a connection, or, where it speaks the suite's protocol, answers a ping. */

#include <string.h>
#include <sys/un.h>

#include "check-net.h"
#include "check.h"
#include "unbox/ipc.h"

struct unix_socket {
    bool ping;
    struct check_connection *connection;
    struct unbox_ipc_client *client;
};

static void unix_cancel(struct check *check)
{
    struct unix_socket *socket = check->data;

    socket->connection = check_connection_free(socket->connection);
    socket->client = unbox_ipc_client_free(socket->client);
}

static int unix_open(struct check *check, const struct unbox_config_row *row)
{
    const char *path = unbox_config_row_string(row, "path");
    struct unix_socket *socket = check->data = calloc(1, sizeof(*socket));

    if (!socket)
        return -ENOMEM;
    socket->ping = unbox_config_row_bool(row, "ping");
    check->target = strdup(path);
    return check->target ? 0 : -ENOMEM;
}

static void on_connected(struct check *check, int error)
{
    unix_cancel(check);
    if (error == -EAGAIN)
        check_done(check, CHECK_FAILING, "nobody accepts its connections, and its queue is full");
    else if (error < 0)
        check_done_errno(check, error);
    else
        check_done(check, CHECK_OK, "takes connections");
}

static void on_pong(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct check *check = userdata;
    _cleanup_free_ char *text = message ? strdup(message) : NULL;
    bool ponged =
            error == 0 && json_is_string(result) && strcmp(json_string_value(result), "pong") == 0;

    unix_cancel(check);
    if (ponged)
        check_done(check, CHECK_OK, "answers");
    else if (error == 0)
        check_done(check, CHECK_FAILING, "answers something else than pong");
    else if (error == -EREMOTEIO)
        check_done(check, CHECK_FAILING, "answers: %s", text ?: "an error");
    else if (error == -EAGAIN)
        on_connected(check, error);
    else
        check_done_errno(check, error);
}

static int ping(struct check *check)
{
    struct unix_socket *socket = check->data;
    int r = unbox_ipc_client_new(check->event, check->target, &socket->client);

    if (r < 0)
        return r;
    return unbox_ipc_client_call(
            socket->client, "ping", NULL, 2 * CHECK_LIMIT_USEC, on_pong, check);
}

static int unix_start(struct check *check)
{
    struct unix_socket *socket = check->data;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int r;

    if (socket->ping)
        return ping(check);
    if (strlen(check->target) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, check->target, strlen(check->target));
    r = check_connection_new(
            check, (struct sockaddr *)&address, sizeof(address), on_connected, &socket->connection);
    if (r == -EAGAIN) {
        on_connected(check, r);
        return 0;
    }
    return r;
}

const struct check_type check_unix = {
        .name = "unix",
        .open = unix_open,
        .start = unix_start,
        .cancel = unix_cancel,
};
