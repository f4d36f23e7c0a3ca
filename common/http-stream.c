/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An answer that goes on for as long as its reader stays: libmicrohttpd asks for more whenever the
 * socket takes it, and while there is nothing to say the connection is suspended, so that it costs
 * neither time nor a timeout. A suspended connection is watched by nobody: that its reader hangs up
 * is noticed here.
 */

#include <sys/socket.h>

#include "http-internal.h"

/* For a reader who can't take chunks (HTTP/1.0). */
#define BLOCK_SIZE 1024

struct http_stream {
    struct http_server *server;
    struct http_stream *next;
    struct http_stream *prev;
    struct MHD_Connection *connection;
    struct http_stream_ops ops;
    void *userdata;
    sd_event_source *hangup;
    int fd;
    bool opened;
    bool suspended;
    bool ended;
};

static void link_stream(struct http_stream *stream)
{
    struct http_stream **streams = http_server_streams(stream->server);

    stream->next = *streams;
    if (stream->next)
        stream->next->prev = stream;
    *streams = stream;
}

static void unlink_stream(struct http_stream *stream)
{
    if (stream->next)
        stream->next->prev = stream->prev;
    if (stream->prev)
        stream->prev->next = stream->next;
    else
        *http_server_streams(stream->server) = stream->next;
}

static ssize_t on_read(void *userdata, uint64_t position, char *buffer, size_t size)
{
    struct http_stream *stream = userdata;
    ssize_t n = stream->ended ? -1 : stream->ops.read(stream->userdata, buffer, size);

    if (n > 0)
        return n;
    if (n < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static void on_free(void *userdata)
{
    struct http_stream *stream = userdata;

    sd_event_source_disable_unref(stream->hangup);
    unlink_stream(stream);
    if (stream->opened)
        stream->ops.closed(stream->userdata);
    free(stream);
}

static int on_hangup(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    http_stream_cut(userdata);
    return 0;
}

void http_stream_wake(struct http_stream *stream)
{
    if (!stream->suspended)
        return;
    stream->suspended = false;
    http_server_resume(stream->server, stream->connection);
}

void http_stream_end(struct http_stream *stream)
{
    stream->ended = true;
    http_stream_wake(stream);
}

/* Only the socket: libmicrohttpd notices, and everything else follows from that. */
void http_stream_cut(struct http_stream *stream)
{
    (void)shutdown(stream->fd, SHUT_RDWR);
    http_stream_end(stream);
}

void http_streams_end(struct http_server *server)
{
    for (struct http_stream *s = *http_server_streams(server); s; s = s->next)
        http_stream_end(s);
}

static int watch(struct http_stream *stream)
{
    const union MHD_ConnectionInfo *info;
    int r;

    info = MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (!info)
        return -ENOTCONN;
    stream->fd = info->connect_fd;
    r = sd_event_add_io(http_server_event(stream->server), &stream->hangup, stream->fd, EPOLLRDHUP,
            on_hangup, stream);
    if (r >= 0)
        (void)sd_event_source_set_description(stream->hangup, "http-stream");
    return r;
}

int http_respond_stream(struct http_request *request, const char *type,
        const struct http_stream_ops *ops, void *userdata, struct http_stream **ret)
{
    struct http_stream *stream = calloc(1, sizeof(*stream));
    struct MHD_Response *response;
    int r;

    if (!stream)
        return -ENOMEM;
    *stream = (struct http_stream){.server = request->server,
            .connection = request->connection,
            .ops = *ops,
            .userdata = userdata};
    r = watch(stream);
    if (r < 0) {
        free(stream);
        return r;
    }
    response = MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, BLOCK_SIZE, on_read, stream, on_free);
    if (!response) {
        sd_event_source_disable_unref(stream->hangup);
        free(stream);
        return -ENOMEM;
    }
    link_stream(stream);
    r = http_respond(request, 200, type, response);
    if (r < 0)
        return r;
    stream->opened = true;
    request->endless = true;
    *ret = stream;
    return 0;
}
