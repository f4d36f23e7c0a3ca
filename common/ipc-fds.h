/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The descriptors beside a stream's lines: those on their way to the peer, and those that came. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util.h"

#define IPC_FDS_WAITING_MAX 16 /* in the output of one stream */
#define IPC_FDS_UNREAD_MAX 32  /* sealed events that one peer has not read yet */

/* A descriptor for one peer or for many; closed with the last reference. */
struct ipc_payload {
    unsigned references;
    int fd;
    size_t size; /* of what is in it, in bytes; 0: not counted */
};

/* `fd` is taken over in any case. NULL: out of memory. */
struct ipc_payload *ipc_payload_new(int fd, size_t size);
/* Accepts NULL; returns NULL. */
struct ipc_payload *ipc_payload_unref(struct ipc_payload *payload);

DEFINE_CLEANUP(struct ipc_payload *, ipc_payload_unref);

struct ipc_sending {
    struct {
        size_t offset; /* in the output, of the line that it goes with */
        struct ipc_payload *payload;
    } waiting[IPC_FDS_WAITING_MAX];
    size_t n_waiting;
    struct {
        uint64_t number; /* of the message that it went with */
        size_t size;
    } unread[IPC_FDS_UNREAD_MAX]; /* what was sent last and may not have been read */
    size_t n_unread;
    uint64_t messages; /* that were sent */
};

/* `payload` is borrowed. 0 or -ENOBUFS. */
int ipc_sending_add(struct ipc_sending *sending, struct ipc_payload *payload, size_t offset);

/* So many bytes of the output have been sent, by one sendmsg(). */
void ipc_sending_advance(struct ipc_sending *sending, size_t size);

/* Whether another `size` bytes may go through the socket `fd` to a peer who shall never have more
 * than `max` unread, here and in the socket. */
bool ipc_sending_has_room(struct ipc_sending *sending, int fd, size_t size, size_t max);

void ipc_sending_clear(struct ipc_sending *sending);

/*
 * Where in the input a descriptor lies the kernel doesn't tell: somewhere in what one recvmsg()
 * brought. That is enough to know when its line is over. One at most is kept for a line that has
 * not ended, and one for what follows, so nobody can fill the table of descriptors.
 */
struct ipc_received {
    struct {
        size_t end; /* of the input that it came with */
        int fd;     /* -1: there were more than one, or the kernel had no room for it */
    } fds[2];
    size_t n;
};

/* Takes all that is in `message`, whose bytes end at `end` in the input. */
void ipc_received_add(struct ipc_received *received, struct msghdr *message, size_t end);

/* The first, from now on the caller's; -ENODATA: there is none, or -EBADMSG: not one alone. */
int ipc_received_take(struct ipc_received *received);

/* The lines up to `offset` are done with: closes what came with them and nobody has taken, and says
 * whether there was any. */
bool ipc_received_expire(struct ipc_received *received, size_t offset);

/* So many bytes have left the input, and a line has begun there at most. */
void ipc_received_advance(struct ipc_received *received, size_t size);

void ipc_received_clear(struct ipc_received *received);
