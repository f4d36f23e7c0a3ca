/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A connected socket as lines of JSON: what server and client have in common. */

#include <jansson.h>
#include <stddef.h>
#include <systemd/sd-event.h>

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
};

/* `fd` is taken over on success. */
int ipc_stream_new(sd_event *event, int fd, const struct ipc_stream_ops *ops, void *userdata,
        struct ipc_stream **ret);

/* Stops all events; the memory goes with the last reference. */
void ipc_stream_close(struct ipc_stream *stream);
struct ipc_stream *ipc_stream_unref(struct ipc_stream *stream);

DEFINE_CLEANUP(struct ipc_stream *, ipc_stream_unref);

/* Queues a message (borrowed). -ENOBUFS: the peer doesn't read; -ENOTCONN: closed. */
int ipc_stream_send(struct ipc_stream *stream, json_t *message);

/* No more reading; `closed` is called when all that is queued has been sent. */
void ipc_stream_finish(struct ipc_stream *stream);

/* Gives up on the peer: nothing more is read or sent, and `closed` follows from the event loop. */
void ipc_stream_abort(struct ipc_stream *stream);
