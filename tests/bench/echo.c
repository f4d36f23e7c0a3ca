/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The floor under every IPC: a Unix socket whose server sends back what it is sent. */

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "util.h"

static int listen_on(const char *path)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return -EINVAL;
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    return STEAL_FD(fd);
}

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void serve(int epoll, int listener, int fd)
{
    static char buffer[128 * 1024];
    ssize_t n;

    if (fd == listener) {
        _cleanup_close_ int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

        if (peer >= 0 && watch(epoll, peer) >= 0)
            peer = -1;
        return;
    }
    n = recv(fd, buffer, sizeof(buffer), 0);
    if (n <= 0 || send(fd, buffer, n, MSG_NOSIGNAL) != n)
        close(fd);
}

int main(int argc, char **argv)
{
    _cleanup_close_ int listener = argc == 2 ? listen_on(argv[1]) : -1;
    _cleanup_close_ int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (listener < 0 || epoll < 0 || watch(epoll, listener) < 0) {
        fputs("usage: bench-echo SOCKET\n", stderr);
        return 2;
    }
    (void)sd_notify(0, "READY=1");
    for (;;) {
        struct epoll_event events[128];
        int n = epoll_wait(epoll, events, ELEMENTSOF(events), -1);

        for (int i = 0; i < n; i++)
            serve(epoll, listener, events[i].data.fd);
    }
}
