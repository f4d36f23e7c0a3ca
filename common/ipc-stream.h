/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connected socket as lines of JSON: what server and client have in common. */

#include <jansson.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "ipc-fds.h"
#include "util.h"

struct ipc_stream;

/* In each of them the stream may be closed and unreferenced. */
struct ipc_stream_ops {
    /* A whole line without its newline, a NUL byte behind it. */
    void (*line)(const char *line, size_t size, void *userdata);
    /* A line over UNBOX_IPC_LINE_MAX: nothing more will be read. */
    void (*oversize)(void *userdata);
    /* The peer has gone, or the socket failed (negative errno); called once, not for
     * ipc_stream_close(). */
    void (*closed)(int error, void *userdata);
    /* Descriptors came with lines that are over, and were not taken by then: they are closed.
     * Optional. */
    void (*unwanted)(void *userdata);
};

/* `fd` is taken over on success. */
int ipc_stream_new(sd_event *event, int fd, const struct ipc_stream_ops *ops, void *userdata,
        struct ipc_stream **ret);

/* Stops all events; the memory goes with the last reference. */
void ipc_stream_close(struct ipc_stream *stream);
struct ipc_stream *ipc_stream_unref(struct ipc_stream *stream);

DEFINE_CLEANUP(struct ipc_stream *, ipc_stream_unref);

/* Bytes that may wait for a peer to read. */
#define IPC_STREAM_QUEUE_MAX (1024 * 1024)

/* Queues a message (borrowed). -ENOBUFS: the peer doesn't read; -ENOTCONN: closed. */
int ipc_stream_send(struct ipc_stream *stream, json_t *message);

/* With a descriptor (borrowed, as the message). */
int ipc_stream_send_payload(
        struct ipc_stream *stream, json_t *message, struct ipc_payload *payload);

/* The same for a line that is ready, its newline included; `max` bytes may then be waiting. */
int ipc_stream_send_line(struct ipc_stream *stream, const char *line, size_t size, size_t max);

/* The same with a descriptor (borrowed); with it at most `payload_max` bytes may be in those that
 * the peer has not read, wherever they are. */
int ipc_stream_send_line_payload(struct ipc_stream *stream, const char *line, size_t size,
        size_t max, struct ipc_payload *payload, size_t payload_max);

/* Bytes that the peer has not taken yet. */
size_t ipc_stream_waiting(const struct ipc_stream *stream);

/* Only for a line that is being handed over: the descriptor that came with it, from now on the
 * caller's; -ENODATA: none, -EBADMSG: more than one, or there was no room for it. */
int ipc_stream_take_fd(struct ipc_stream *stream);

/* No more reading; `closed` is called when all that is queued has been sent, or the peer has not
 * taken it in 10 s. */
void ipc_stream_finish(struct ipc_stream *stream);

/* Gives up on a peer that doesn't read: what waits for him is thrown away but for the line that he
 * has begun to get, then comes `message` (borrowed, may be NULL), then ipc_stream_finish(). */
void ipc_stream_drop(struct ipc_stream *stream, json_t *message);
