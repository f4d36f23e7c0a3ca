/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Lines of JSON on a non-blocking stream socket: input is cut at newlines, output is queued up to a
 * bound and written as the peer reads. A descriptor travels with the first byte of its line.
 */

#include "ipc-stream.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "unbox/ipc.h"

#define FINISH_USEC (10 * USEC_PER_SEC)
#define TYPICAL_MESSAGE 1024

struct buffer {
    char *data;
    size_t size;
    size_t allocated;
};

struct ipc_stream {
    unsigned references;
    sd_event *event;
    int fd;
    sd_event_source *io;
    struct ipc_stream_ops ops;
    void *userdata;
    struct buffer in;
    struct buffer out;
    bool out_begun; /* the peer has a part of the first line that waits */
    bool finishing;
    sd_event_source *deadline;
    struct ipc_sending sending;
    struct ipc_received received;
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
    sd_event_unref(stream->event);
    free(stream);
    return NULL;
}

void ipc_stream_close(struct ipc_stream *stream)
{
    stream->io = sd_event_source_disable_unref(stream->io);
    stream->deadline = sd_event_source_disable_unref(stream->deadline);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    ipc_sending_clear(&stream->sending);
    ipc_received_clear(&stream->received);
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

/* One call of sendmsg(): a descriptor goes with the first byte of its line, and no byte before. */
static ssize_t send_some(struct ipc_stream *stream)
{
    const struct ipc_sending *sending = &stream->sending;
    struct iovec bytes = {stream->out.data, stream->out.size};
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};

    if (sending->n_waiting > 0 && sending->waiting[0].offset > 0) {
        bytes.iov_len = sending->waiting[0].offset;
    } else if (sending->n_waiting > 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &sending->waiting[0].payload->fd, sizeof(int));
        message.msg_control = &control;
        message.msg_controllen = sizeof(control);
        if (sending->n_waiting > 1)
            bytes.iov_len = sending->waiting[1].offset;
    }
    return sendmsg(stream->fd, &message, MSG_NOSIGNAL);
}

static void sent(struct ipc_stream *stream, size_t size)
{
    stream->out_begun = stream->out.data[size - 1] != '\n';
    buffer_consume(&stream->out, size);
    ipc_sending_advance(&stream->sending, size);
}

static int write_some(struct ipc_stream *stream)
{
    while (stream->out.size > 0) {
        ssize_t n = send_some(stream);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0)
            return -errno;
        sent(stream, n);
    }
    if (stream->out.size == 0)
        buffer_release(&stream->out);
    return update_events(stream);
}

/* Hands over each whole line, and tells of descriptors that no line wanted. The callbacks may close
 * the stream, so that is looked at every time. */
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
        if (ipc_received_expire(&stream->received, start) && stream->fd >= 0 &&
                !stream->finishing && stream->ops.unwanted)
            stream->ops.unwanted(stream->userdata);
    }
    buffer_consume(&stream->in, start);
    ipc_received_advance(&stream->received, start);
    if (stream->in.size == 0)
        buffer_release(&stream->in);
    else if (stream->in.size > UNBOX_IPC_LINE_MAX && stream->fd >= 0 && !stream->finishing)
        stream->ops.oversize(stream->userdata);
}

int ipc_stream_take_fd(struct ipc_stream *stream)
{
    return ipc_received_take(&stream->received);
}

static int read_some(struct ipc_stream *stream)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(2 * sizeof(int))]; /* what is more the kernel closes */
    } control;
    struct iovec bytes;
    struct msghdr message = {.msg_iov = &bytes,
            .msg_iovlen = 1,
            .msg_control = &control,
            .msg_controllen = sizeof(control)};
    ssize_t n;
    int r;

    r = buffer_reserve(&stream->in, 4096);
    if (r < 0)
        return r;
    bytes.iov_base = stream->in.data + stream->in.size;
    bytes.iov_len = stream->in.allocated - stream->in.size;
    n = recvmsg(stream->fd, &message, MSG_CMSG_CLOEXEC);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    ipc_received_add(&stream->received, &message, stream->in.size + n);
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
    stream->event = sd_event_ref(event);
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

/* What waits already goes on when the peer reads: no need to try each time. */
static int flush(struct ipc_stream *stream, size_t waited)
{
    int r = waited > 0 ? 0 : write_some(stream);

    /* It fails again in the event loop, which then tells the owner. */
    if (r < 0)
        (void)update_events(stream);
    return r == -EPIPE || r == -ECONNRESET ? -ENOTCONN : r;
}

static int queue(struct ipc_stream *stream, json_t *message)
{
    size_t size;
    int r;

    if (stream->fd < 0)
        return -ENOTCONN;
    /* Most messages fit at once; what doesn't is written again when its size is known. */
    r = buffer_reserve(&stream->out, TYPICAL_MESSAGE);
    if (r < 0)
        return r;
    size = json_dumpb(message, stream->out.data + stream->out.size,
            stream->out.allocated - stream->out.size, JSON_COMPACT);
    if (size == 0)
        return -EINVAL;
    if (stream->out.size + size + 1 > IPC_STREAM_QUEUE_MAX)
        return -ENOBUFS;
    if (stream->out.size + size + 1 > stream->out.allocated) {
        r = buffer_reserve(&stream->out, size + 1);
        if (r < 0)
            return r;
        (void)json_dumpb(message, stream->out.data + stream->out.size, size, JSON_COMPACT);
    }
    stream->out.data[stream->out.size + size] = '\n';
    stream->out.size += size + 1;
    return 0;
}

int ipc_stream_send(struct ipc_stream *stream, json_t *message)
{
    size_t waited = stream->out.size;
    int r = queue(stream, message);

    return r < 0 ? r : flush(stream, waited);
}

int ipc_stream_send_payload(struct ipc_stream *stream, json_t *message, struct ipc_payload *payload)
{
    size_t waited = stream->out.size;
    int r;

    if (stream->sending.n_waiting == IPC_FDS_WAITING_MAX)
        return -ENOBUFS;
    r = queue(stream, message);
    if (r < 0)
        return r;
    (void)ipc_sending_add(&stream->sending, payload, waited);
    return flush(stream, waited);
}

static int queue_line(struct ipc_stream *stream, const char *line, size_t size, size_t max)
{
    int r;

    if (stream->fd < 0)
        return -ENOTCONN;
    if (stream->out.size + size > max)
        return -ENOBUFS;
    r = buffer_reserve(&stream->out, size);
    if (r < 0)
        return r;
    memcpy(stream->out.data + stream->out.size, line, size);
    stream->out.size += size;
    return 0;
}

int ipc_stream_send_line(struct ipc_stream *stream, const char *line, size_t size, size_t max)
{
    size_t waited = stream->out.size;
    int r = queue_line(stream, line, size, max);

    return r < 0 ? r : flush(stream, waited);
}

int ipc_stream_send_line_payload(struct ipc_stream *stream, const char *line, size_t size,
        size_t max, struct ipc_payload *payload, size_t payload_max)
{
    size_t waited = stream->out.size;
    int r;

    if (stream->sending.n_waiting == IPC_FDS_WAITING_MAX ||
            !ipc_sending_has_room(&stream->sending, stream->fd, payload->size, payload_max))
        return -ENOBUFS;
    r = queue_line(stream, line, size, max);
    if (r < 0)
        return r;
    (void)ipc_sending_add(&stream->sending, payload, waited);
    return flush(stream, waited);
}

size_t ipc_stream_waiting(const struct ipc_stream *stream)
{
    return stream->out.size;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
    fail(userdata, -ETIMEDOUT);
    return 0;
}

void ipc_stream_finish(struct ipc_stream *stream)
{
    stream->finishing = true;
    if (stream->fd < 0)
        return;
    (void)sd_event_source_set_io_events(stream->io, EPOLLOUT);
    if (!stream->deadline)
        (void)sd_event_add_time_relative(stream->event, &stream->deadline, CLOCK_BOOTTIME,
                FINISH_USEC, 0, on_deadline, stream);
}

/* Of what waits only the rest of a line stays that the peer would otherwise see cut in two. */
static void forget_lines(struct ipc_stream *stream)
{
    const char *end = stream->out_begun ? memchr(stream->out.data, '\n', stream->out.size) : NULL;

    stream->out.size = end ? end - stream->out.data + 1 : 0;
    ipc_sending_clear(&stream->sending);
}

void ipc_stream_drop(struct ipc_stream *stream, json_t *message)
{
    if (stream->finishing || stream->fd < 0)
        return;
    forget_lines(stream);
    if (message)
        (void)queue(stream, message);
    ipc_stream_finish(stream);
}
