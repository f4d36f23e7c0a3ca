/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Descriptors beside lines. One goes with the first byte of its line. One that comes is kept until
 * its line is over, and closed if nobody wanted it.
 */

#include "ipc-fds.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>

/* What a message takes at least in a socket's queue, as SIOCOUTQ counts it: the kernel's own
 * structures are larger than this. */
#define MESSAGE_SIZE_MIN 512

struct ipc_payload *ipc_payload_new(int fd, size_t size)
{
    _cleanup_close_ int owned = fd;
    struct ipc_payload *payload = malloc(sizeof(*payload));

    if (payload)
        *payload = (struct ipc_payload){1, STEAL_FD(owned), size};
    return payload;
}

struct ipc_payload *ipc_payload_unref(struct ipc_payload *payload)
{
    if (payload && --payload->references == 0) {
        close(payload->fd);
        free(payload);
    }
    return NULL;
}

int ipc_sending_add(struct ipc_sending *sending, struct ipc_payload *payload, size_t offset)
{
    if (sending->n_waiting == IPC_FDS_WAITING_MAX)
        return -ENOBUFS;
    payload->references++;
    sending->waiting[sending->n_waiting].offset = offset;
    sending->waiting[sending->n_waiting++].payload = payload;
    return 0;
}

static void remember_unread(struct ipc_sending *sending, size_t size)
{
    /* Only after ipc_sending_has_room(), which keeps it from being full. */
    if (size == 0 || sending->n_unread == IPC_FDS_UNREAD_MAX)
        return;
    sending->unread[sending->n_unread].number = sending->messages;
    sending->unread[sending->n_unread++].size = size;
}

void ipc_sending_advance(struct ipc_sending *sending, size_t size)
{
    sending->messages++;
    if (sending->n_waiting > 0 && sending->waiting[0].offset == 0) {
        remember_unread(sending, sending->waiting[0].payload->size);
        ipc_payload_unref(sending->waiting[0].payload);
        sending->n_waiting--;
        memmove(sending->waiting, sending->waiting + 1,
                sending->n_waiting * sizeof(sending->waiting[0]));
    }
    for (size_t i = 0; i < sending->n_waiting; i++)
        sending->waiting[i].offset -= size;
}

/* The peer reads in order: what he has left unread are the last messages. */
static void forget_read(struct ipc_sending *sending, int fd)
{
    int bytes = 0;
    size_t read = 0;

    if (ioctl(fd, SIOCOUTQ, &bytes) < 0)
        return;
    while (read < sending->n_unread &&
            sending->unread[read].number + bytes / MESSAGE_SIZE_MIN <= sending->messages)
        read++;
    sending->n_unread -= read;
    memmove(sending->unread, sending->unread + read,
            sending->n_unread * sizeof(sending->unread[0]));
}

bool ipc_sending_has_room(struct ipc_sending *sending, int fd, size_t size, size_t max)
{
    size_t sum = size;

    forget_read(sending, fd);
    if (sending->n_unread + sending->n_waiting >= IPC_FDS_UNREAD_MAX)
        return false;
    for (size_t i = 0; i < sending->n_unread; i++)
        sum += sending->unread[i].size;
    for (size_t i = 0; i < sending->n_waiting; i++)
        sum += sending->waiting[i].payload->size;
    return sum <= max;
}

void ipc_sending_clear(struct ipc_sending *sending)
{
    while (sending->n_waiting > 0)
        ipc_payload_unref(sending->waiting[--sending->n_waiting].payload);
}

void ipc_received_add(struct ipc_received *received, struct msghdr *message, size_t end)
{
    bool bad = message->msg_flags & MSG_CTRUNC;
    _cleanup_close_ int only = -1;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (only < 0) {
                only = fd;
            } else {
                close(fd);
                bad = true;
            }
        }
    }
    if (only < 0 && !bad)
        return;
    if (bad && only >= 0)
        close(STEAL_FD(only));
    received->fds[received->n].end = end;
    received->fds[received->n++].fd = STEAL_FD(only);
}

static int shift(struct ipc_received *received)
{
    int fd = received->fds[0].fd;

    received->fds[0] = received->fds[1];
    received->n--;
    return fd;
}

int ipc_received_take(struct ipc_received *received)
{
    int fd;

    if (received->n == 0)
        return -ENODATA;
    fd = shift(received);
    return fd < 0 ? -EBADMSG : fd;
}

bool ipc_received_expire(struct ipc_received *received, size_t offset)
{
    bool any = false;

    while (received->n > 0 && received->fds[0].end <= offset) {
        _cleanup_close_ int fd = shift(received);

        any = true;
    }
    return any;
}

void ipc_received_advance(struct ipc_received *received, size_t size)
{
    for (size_t i = 0; i < received->n; i++)
        received->fds[i].end -= size;
    /* Both came with the line that has begun: too many for it. */
    while (received->n > 1) {
        _cleanup_close_ int fd = shift(received);

        if (received->fds[0].fd >= 0)
            close(received->fds[0].fd);
        received->fds[0].fd = -1;
    }
}

void ipc_received_clear(struct ipc_received *received)
{
    while (received->n > 0) {
        _cleanup_close_ int fd = shift(received);
    }
}
