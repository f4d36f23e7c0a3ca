/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines of JSON on a non-blocking stream socket: input is cut at newlines, output is queued up to a
 * bound and written as the peer reads.
 */

#include "ipc-stream.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "unbox/ipc.h"

#define QUEUE_MAX (1024 * 1024)

struct buffer {
    char *data;
    size_t size;
    size_t allocated;
};

struct ipc_stream {
    unsigned references;
    int fd;
    sd_event_source *io;
    struct ipc_stream_ops ops;
    void *userdata;
    struct buffer in;
    struct buffer out;
    bool finishing;
};

static int buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t wanted = buffer->size + more;
    char *data;

    if (wanted <= buffer->allocated)
        return 0;
    wanted = wanted < 1024 ? 1024 : wanted + wanted / 2;
    data = realloc(buffer->data, wanted);
    if (!data)
        return -ENOMEM;
    buffer->data = data;
    buffer->allocated = wanted;
    return 0;
}

static void buffer_consume(struct buffer *buffer, size_t size)
{
    buffer->size -= size;
    memmove(buffer->data, buffer->data + size, buffer->size);
}

/* An idle connection shall not keep what its largest message once needed. */
static void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){};
}

static struct ipc_stream *stream_ref(struct ipc_stream *stream)
{
    stream->references++;
    return stream;
}

struct ipc_stream *ipc_stream_unref(struct ipc_stream *stream)
{
    if (!stream || --stream->references > 0)
        return NULL;
    ipc_stream_close(stream);
    free(stream->in.data);
    free(stream->out.data);
    free(stream);
    return NULL;
}

void ipc_stream_close(struct ipc_stream *stream)
{
    stream->io = sd_event_source_disable_unref(stream->io);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

static void fail(struct ipc_stream *stream, int error)
{
    if (stream->fd < 0)
        return;
    ipc_stream_close(stream);
    stream->ops.closed(error, stream->userdata);
}

static int update_events(struct ipc_stream *stream)
{
    uint32_t events = stream->finishing ? 0 : EPOLLIN;

    if (stream->out.size > 0)
        events |= EPOLLOUT;
    return sd_event_source_set_io_events(stream->io, events);
}

static int write_some(struct ipc_stream *stream)
{
    while (stream->out.size > 0) {
        ssize_t n = send(stream->fd, stream->out.data, stream->out.size, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            return -errno;
        buffer_consume(&stream->out, n);
    }
    if (stream->out.size == 0)
        buffer_release(&stream->out);
    return update_events(stream);
}

/* Hands over each whole line. The callback may close the stream, so that is looked at every time.
 */
static void deliver_lines(struct ipc_stream *stream)
{
    size_t start = 0;
    char *newline;

    while (stream->fd >= 0 && !stream->finishing &&
            (newline = memchr(stream->in.data + start, '\n', stream->in.size - start))) {
        char *line = stream->in.data + start;
        size_t size = newline - line;

        *newline = '\0';
        start += size + 1;
        if (size > UNBOX_IPC_LINE_MAX)
            stream->ops.oversize(stream->userdata);
        else
            stream->ops.line(line, size, stream->userdata);
    }
    buffer_consume(&stream->in, start);
    if (stream->in.size == 0)
        buffer_release(&stream->in);
    else if (stream->in.size > UNBOX_IPC_LINE_MAX && stream->fd >= 0 && !stream->finishing)
        stream->ops.oversize(stream->userdata);
}

static int read_some(struct ipc_stream *stream)
{
    ssize_t n;
    int r;

    r = buffer_reserve(&stream->in, 4096);
    if (r < 0)
        return r;
    n = recv(stream->fd, stream->in.data + stream->in.size, stream->in.allocated - stream->in.size,
            0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    stream->in.size += n;
    deliver_lines(stream);
    return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    _cleanup_(ipc_stream_unref_p) struct ipc_stream *stream = stream_ref(userdata);
    int r = 0;

    if (events & EPOLLOUT)
        r = write_some(stream);
    if (r >= 0 && stream->fd >= 0 && (events & EPOLLIN) && !stream->finishing)
        r = read_some(stream);
    else if (r >= 0 && (events & (EPOLLHUP | EPOLLERR)))
        r = -ECONNRESET;
    if (r >= 0 && stream->finishing && stream->out.size == 0)
        r = -ECONNRESET;
    if (r < 0)
        fail(stream, r);
    return 0;
}

int ipc_stream_new(sd_event *event, int fd, const struct ipc_stream_ops *ops, void *userdata,
        struct ipc_stream **ret)
{
    _cleanup_(ipc_stream_unref_p) struct ipc_stream *stream = calloc(1, sizeof(*stream));
    int r;

    if (!stream)
        return -ENOMEM;
    stream->references = 1;
    stream->fd = -1;
    stream->ops = *ops;
    stream->userdata = userdata;
    r = sd_event_add_io(event, &stream->io, fd, EPOLLIN, on_io, stream);
    if (r < 0)
        return r;
    stream->fd = fd;
    *ret = STEAL(stream);
    return 0;
}

int ipc_stream_send(struct ipc_stream *stream, json_t *message)
{
    size_t size;
    int r;

    if (stream->fd < 0)
        return -ENOTCONN;
    size = json_dumpb(message, NULL, 0, JSON_COMPACT);
    if (size == 0)
        return -EINVAL;
    if (stream->out.size + size + 1 > QUEUE_MAX)
        return -ENOBUFS;
    r = buffer_reserve(&stream->out, size + 1);
    if (r < 0)
        return r;
    (void)json_dumpb(message, stream->out.data + stream->out.size, size, JSON_COMPACT);
    stream->out.data[stream->out.size + size] = '\n';
    stream->out.size += size + 1;
    r = write_some(stream);
    /* A peer that has gone is noticed by the event loop too, which then tells the owner. */
    return r == -EPIPE || r == -ECONNRESET ? -ENOTCONN : r;
}

void ipc_stream_finish(struct ipc_stream *stream)
{
    stream->finishing = true;
    if (stream->fd >= 0)
        (void)sd_event_source_set_io_events(stream->io, EPOLLOUT);
}

void ipc_stream_abort(struct ipc_stream *stream)
{
    stream->out.size = 0;
    ipc_stream_finish(stream);
}
