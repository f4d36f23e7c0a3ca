/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the server share: a socket for it, and who connects to that. */

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "http-server.h"

/* Listens at a port that was free. The descriptor is the server's to close. */
static inline int listen_anywhere(uint16_t *ret_port)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    int fd;

    assert_int_equal(http_listen("127.0.0.1", 0, false, &fd), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static inline int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
            .sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}
