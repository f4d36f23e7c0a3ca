/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Connections that are made to see whether they can be, and closed again. */

#include "check-net.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/epoll.h>

bool check_address_text(const struct sockaddr *address, char ret[static CHECK_ADDRESS_SIZE])
{
    const void *bytes;

    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    else
        return false;
    return inet_ntop(address->sa_family, bytes, ret, CHECK_ADDRESS_SIZE);
}

bool check_address_is(const struct sockaddr *address, const char *text)
{
    char a[CHECK_ADDRESS_SIZE], b[CHECK_ADDRESS_SIZE];
    struct in6_addr bytes;

    return check_address_text(address, a) && inet_pton(address->sa_family, text, &bytes) == 1 &&
           inet_ntop(address->sa_family, &bytes, b, sizeof(b)) && strcmp(a, b) == 0;
}

struct check_connection {
    struct check *check;
    int fd;
    sd_event_source *source;
    check_connected_fn fn;
};

struct check_connection *check_connection_free(struct check_connection *connection)
{
    if (!connection)
        return NULL;
    sd_event_source_disable_unref(connection->source);
    if (connection->fd >= 0)
        close(connection->fd);
    free(connection);
    return NULL;
}

DEFINE_CLEANUP(struct check_connection *, check_connection_free);

static int on_connected(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    struct check_connection *connection = userdata;
    socklen_t size = sizeof(int);
    int error = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    connection->fn(connection->check, -error);
    return 0;
}

int check_connection_new(struct check *check, const struct sockaddr *address, socklen_t size,
        check_connected_fn fn, struct check_connection **ret)
{
    _cleanup_(check_connection_free_p) struct check_connection *connection =
            calloc(1, sizeof(*connection));
    int r;

    if (!connection)
        return -ENOMEM;
    connection->check = check;
    connection->fn = fn;
    connection->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        return -errno;
    if (connect(connection->fd, address, size) < 0 && errno != EINPROGRESS)
        return -errno;
    r = sd_event_add_io(
            check->event, &connection->source, connection->fd, EPOLLOUT, on_connected, connection);
    if (r < 0)
        return r;
    *ret = STEAL(connection);
    return 0;
}
