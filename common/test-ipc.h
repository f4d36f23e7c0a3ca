/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the tests of the IPC share; after <cmocka.h>. */

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util.h"

/* Turns the loop until `condition` holds; a test that needs longer than 5 s has failed. */
#define run_until(event, condition)                                                                \
    do {                                                                                           \
        unsigned _turns = 0;                                                                       \
        while (!(condition)) {                                                                     \
            assert_true(sd_event_run(event, 10 * USEC_PER_MSEC) >= 0);                             \
            assert_true(_turns++ < 100000);                                                        \
        }                                                                                          \
    } while (false)

/* A peer that speaks for itself; never blocks. */
static inline int connect_raw(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_true(copy_text(address.sun_path, sizeof(address.sun_path), path));
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

#define TEST_FDS_MAX 8

/* A line with descriptors on its first byte, by a peer who speaks for himself. */
static inline void send_raw(int socket, const char *line, const int *fds, size_t n_fds)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(TEST_FDS_MAX * sizeof(int))];
    } control = {};
    struct iovec bytes = {(char *)line, strlen(line)};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

    assert_true(n_fds <= TEST_FDS_MAX);
    if (n_fds > 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
    }
    assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), bytes.iov_len);
}

/* The next line, and the descriptor that came with it or -1; the line is the caller's. NULL: the
 * connection has ended. */
static inline json_t *receive_raw(sd_event *event, int socket, int *ret_fd)
{
    char line[4096];
    size_t size = 0;

    *ret_fd = -1;
    while (size == 0 || line[size - 1] != '\n') {
        union {
            struct cmsghdr header;
            char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec byte = {line + size, 1};
        struct msghdr message = {.msg_iov = &byte,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control)};
        ssize_t n = -1;

        run_until(event, (n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) >= 0);
        if (n == 0)
            return NULL;
        if (CMSG_FIRSTHDR(&message))
            memcpy(ret_fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
        size++;
        assert_true(size < sizeof(line));
    }
    return json_loadb(line, size, 0, NULL);
}

/* Of this process. */
static inline unsigned open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* A string of so many bytes. */
static inline json_t *text_of(size_t size)
{
    _cleanup_free_ char *text = malloc(size);

    memset(text, 't', size);
    return json_stringn(text, size);
}
