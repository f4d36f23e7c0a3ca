/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A socket for who is not handed one by systemd. */

#include <netdb.h>
#include <sys/socket.h>

#include "http-server.h"

int http_listen(const char *address, uint16_t port, bool freebind, int *ret_fd)
{
    _cleanup_close_ int fd = -1;
    struct addrinfo hints = {
            .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
            .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *info;
    char service[8];
    int on = 1, r = 0;

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(address, service, &hints, &info) != 0)
        return -EINVAL;
    fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
            (freebind && setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on)) < 0) ||
            bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
        r = -errno;
    freeaddrinfo(info);
    if (r < 0)
        return r;
    *ret_fd = STEAL_FD(fd);
    return 0;
}
