/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One line and one descriptor, over a Unix socket. */

#include "bluetooth-handover.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bluetooth.h"

static int connect_to(const char *profile)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_close_ int fd = -1;

    if (snprintf(address.sun_path, sizeof(address.sun_path), BLUETOOTH_SOCKET, profile) >=
            (int)sizeof(address.sun_path))
        return -ENAMETOOLONG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return STEAL_FD(fd);
}

static int send_line(int to, const char *line, size_t size, int fd)
{
    union {
        char data[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {};
    struct iovec part = {(char *)line, size};
    struct msghdr message = {.msg_iov = &part,
            .msg_iovlen = 1,
            .msg_control = control.data,
            .msg_controllen = sizeof(control.data)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    ssize_t sent;

    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(int));
    sent = sendmsg(to, &message, MSG_NOSIGNAL);
    if (sent < 0)
        return -errno;
    /* The socket is new and the line short. */
    return (size_t)sent == size ? 0 : -EMSGSIZE;
}

int bluetooth_hand_over(const char *profile, const char *device, int fd)
{
    _cleanup_json_ json_t *object = json_pack("{s:s, s:s}", "profile", profile, "device", device);
    _cleanup_free_ char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    _cleanup_free_ char *line = NULL;
    _cleanup_close_ int to = -1;
    int size;

    if (!text)
        return -ENOMEM;
    size = asprintf(&line, "%s\n", text);
    if (size < 0) {
        line = NULL;
        return -ENOMEM;
    }
    to = connect_to(profile);
    return to < 0 ? to : send_line(to, line, size, fd);
}
