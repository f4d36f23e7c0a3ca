/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libmicrohttpd inside sd-event, without a thread. libmicrohttpd brings an epoll descriptor of its
 * own, which becomes one source of the loop; it is edge-triggered, so what MHD_run() left over has
 * to be asked for with MHD_get_timeout(), and the timer armed again after every run.
 *
 * A request that is not answered when its handler returns is suspended. The answer resumes it, and
 * libmicrohttpd calls back once more to fetch it.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "http-internal.h"

#define DEFAULT_CONNECTIONS 512
#define DEFAULT_IDLE_SEC 30
#define DEFAULT_REQUEST_SEC 15
/* Those that have to go are still there for a moment; at its own limit libmicrohttpd would stop
 * accepting. */
#define LEAVING_MAX 64
/* Forward secrecy and authenticated ciphers alone, in this order. */
#define PRIORITIES                                                                                 \
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:+CHACHA20-POLY1305:"      \
    "+AES-128-GCM:+AEAD:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:-SIGN-RSA-SHA1:" \
    "-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+COMP-NULL:+CTYPE-X509:%SERVER_PRECEDENCE"
/* Up to 1.0 it only checks what http-check.c checks too, which says why. */
#define STRICT (MHD_VERSION < 0x01000000 ? 0 : 1)
/* Request line, headers and the headers of the answer have to fit. */
#define CONNECTION_MEMORY (16 * 1024)

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    sd_event_source *io;
    sd_event_source *timer;
    sd_event *event; /* borrowed */
    struct http_limits *limits;
    struct http_request *waiting; /* suspended, their handlers will answer */
    struct http_stream *streams;
    unsigned connections;
    bool resumed; /* something, since the last run */
    bool stopping;
};

const char *const *http_server_headers(const struct http_server *server)
{
    return server->options.headers;
}

static void link_waiting(struct http_request *request)
{
    struct http_server *server = request->server;

    request->next = server->waiting;
    request->prev = NULL;
    if (request->next)
        request->next->prev = request;
    server->waiting = request;
}

static void unlink_waiting(struct http_request *request)
{
    if (request->next)
        request->next->prev = request->prev;
    if (request->prev)
        request->prev->next = request->next;
    else
        request->server->waiting = request->next;
    request->next = request->prev = NULL;
}

static int arm(struct http_server *server, uint64_t usec)
{
    int r = sd_event_source_set_time_relative(server->timer, usec);

    return r < 0 ? r : sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

void http_server_resume(struct http_server *server, struct MHD_Connection *connection)
{
    MHD_resume_connection(connection);
    /* Resuming makes the epoll descriptor readable only where libmicrohttpd polls it itself. */
    server->resumed = true;
    if (!server->stopping)
        (void)arm(server, 0);
}

void http_server_answered(struct http_request *request)
{
    if (!request->suspended)
        return;
    request->suspended = false;
    unlink_waiting(request);
    http_server_resume(request->server, request->connection);
}

struct http_stream **http_server_streams(struct http_server *server)
{
    return &server->streams;
}

sd_event *http_server_event(const struct http_server *server)
{
    return server->event;
}

static void read_peer(struct http_request *request)
{
    const union MHD_ConnectionInfo *info;

    info = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info && info->client_addr)
        (void)http_print_address(info->client_addr, request->peer);
}

static int respond_stopping(struct http_request *request)
{
    return http_respond_problem(request, 503, "stopping", NULL, "The service is being stopped.");
}

/* Its headers have arrived: whatever refuses it does so before its body is read. */
static int begin_request(struct http_request *request)
{
    uint64_t size;
    int r;

    request->begun = true;
    read_peer(request);
    /* What its check would look at may be gone already. */
    if (request->server->stopping)
        return respond_stopping(request);
    r = http_request_check(request, &request->server->options);
    if (r >= 0 && http_request_has_body(request, &size))
        http_limits_enter(
                request->connection, HTTP_BODY, request->route ? request->route->max_body : 0);
    return r;
}

static int handle_request(struct http_request *request)
{
    const struct http_server_options *options = &request->server->options;

    request->handled = true;
    if (request->server->stopping)
        return respond_stopping(request);
    if (request->route)
        return request->route->handler(request, options->userdata);
    if (options->fallback)
        return options->fallback(request, options->userdata);
    return http_respond_problem(request, 404, "not_found", NULL, "There is nothing here.");
}

static enum MHD_Result queue_answer(struct http_request *request)
{
    http_limits_enter(request->connection, request->endless ? HTTP_ANSWERING : HTTP_SENDING, 0);
    return MHD_queue_response(request->connection, request->status, request->response);
}

static int respond_failure(struct http_request *request)
{
    return http_respond_problem(
            request, 500, "internal_error", NULL, "The request could not be carried out.");
}

/* The handler has failed: nobody else will answer. */
static enum MHD_Result answer_failure(struct http_request *request)
{
    return respond_failure(request) < 0 ? MHD_NO : queue_answer(request);
}

void http_request_settle(struct http_request *request, int r)
{
    if (r < 0 && request && request->suspended)
        (void)respond_failure(request);
}

/* A refusal that the client has to get before it sends the body, or the body would never end. */
static bool must_answer_early(const struct http_request *request)
{
    uint64_t size;

    if (!http_request_has_body(request, &size))
        return false;
    return size > HTTP_DRAIN_MAX || http_request_header(request, "Expect");
}

static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *size)
{
    size_t max = request->route ? request->route->max_body : 0;
    int r = 0;

    request->body_seen += *size;
    if (!request->response) {
        r = http_request_append(request, data, *size, max);
        if (r == -E2BIG)
            r = http_respond_problem(request, 413, "too_large", NULL, "The body is too large.");
    }
    if (r < 0 || request->body_seen > HTTP_DRAIN_MAX + max)
        return MHD_NO;
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result finish_request(struct http_request *request)
{
    int r;

    http_limits_enter(request->connection, HTTP_ANSWERING, 0);
    r = handle_request(request);
    if (request->response)
        return queue_answer(request);
    if (r < 0)
        return answer_failure(request);
    request->suspended = true;
    link_waiting(request);
    MHD_suspend_connection(request->connection);
    return MHD_YES;
}

/* libmicrohttpd calls it with the headers, with each piece of the body, at its end, and when a
 * suspended request goes on. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection,
        const char *url, const char *method, const char *version, const char *data, size_t *size,
        void **context)
{
    struct http_request *request = *context;

    if (!request)
        return MHD_NO;
    if (!request->begun) {
        request->connection = connection;
        request->method = method;
        request->path = url;
        request->version = version;
        if (begin_request(request) < 0)
            return answer_failure(request);
        return request->response && must_answer_early(request) ? queue_answer(request) : MHD_YES;
    }
    if (*size > 0)
        return take_body(request, data, size);
    if (request->response)
        return queue_answer(request);
    /* Resumed without an answer: there was no memory for one. */
    return request->handled ? MHD_NO : finish_request(request);
}

/* The first line of a request. */
static void *on_uri(void *userdata, const char *uri, struct MHD_Connection *connection)
{
    http_limits_begin(connection);
    return http_request_new(userdata, uri);
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **context,
        enum MHD_RequestTerminationCode code)
{
    struct http_request *request = *context;

    if (request && request->suspended)
        unlink_waiting(request);
    *context = http_request_free(request);
    http_limits_enter(connection, HTTP_IDLE, 0);
}

static enum MHD_Result on_accept(void *userdata, const struct sockaddr *address, socklen_t size)
{
    const struct http_server *server = userdata;

    return server->options.refuse ? MHD_NO : MHD_YES;
}

static void report_connections(struct http_server *server)
{
    unsigned connections = http_server_connections(server);

    if (connections == server->connections)
        return;
    server->connections = connections;
    if (server->options.connections_changed)
        server->options.connections_changed(server->options.userdata);
}

static int run(struct http_server *server)
{
    unsigned long long timeout_msec;

    server->resumed = false;
    if (MHD_run(server->daemon) != MHD_YES)
        return -EIO;
    report_connections(server);
    if (server->resumed)
        return arm(server, 0);
    if (MHD_get_timeout(server->daemon, &timeout_msec) != MHD_YES)
        return sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
    return arm(server, timeout_msec * USEC_PER_MSEC);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    return run(userdata);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    return run(userdata);
}

static struct MHD_Daemon *start_daemon(struct http_server *server, int fd)
{
    const struct http_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;
    struct MHD_OptionItem tls[] = {
            {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->tls_key_pem},
            {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->tls_cert_pem},
            {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES},
            {options->tls_client_ca_pem ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
                    (void *)options->tls_client_ca_pem},
            {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    if (options->tls_cert_pem)
        flags |= MHD_USE_TLS;
    return MHD_start_daemon(flags, 0, on_accept, server, on_request, server,
            MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, on_uri, server,
            MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
            http_limits_notice, server->limits, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
            options->max_connections + LEAVING_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
            options->idle_timeout_sec, MHD_OPTION_STRICT_FOR_CLIENT, STRICT, MHD_OPTION_ARRAY,
            options->tls_cert_pem ? tls : none, MHD_OPTION_END);
}

static int attach(struct http_server *server, sd_event *event)
{
    const union MHD_DaemonInfo *info;
    int r;

    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info)
        return -EIO;
    r = sd_event_add_io(event, &server->io, info->epoll_fd, EPOLLIN, on_io, server);
    if (r < 0)
        return r;
    /* To the microsecond: left alone, sd-event would let a ready connection wait 250 ms. */
    r = sd_event_add_time_relative(event, &server->timer, CLOCK_BOOTTIME, 0, 1, on_timer, server);
    if (r < 0)
        return r;
    /* Nothing would be served any more: end, and be restarted. */
    (void)sd_event_source_set_exit_on_failure(server->io, true);
    (void)sd_event_source_set_exit_on_failure(server->timer, true);
    (void)sd_event_source_set_description(server->io, "http");
    (void)sd_event_source_set_description(server->timer, "http-timer");
    return 0;
}

static void complete(struct http_server_options *options)
{
    if (!options->max_connections)
        options->max_connections = DEFAULT_CONNECTIONS;
    if (!options->idle_timeout_sec)
        options->idle_timeout_sec = DEFAULT_IDLE_SEC;
    if (!options->request_timeout_sec)
        options->request_timeout_sec = DEFAULT_REQUEST_SEC;
}

int http_server_new(sd_event *event, int fd, const struct http_server_options *options,
        struct http_server **ret)
{
    _cleanup_(http_server_free_p) struct http_server *server = NULL;
    int own, r;

    if (!options->tls_key_pem != !options->tls_cert_pem)
        return -EINVAL;
    server = calloc(1, sizeof(*server));
    if (!server)
        return -ENOMEM;
    server->options = *options;
    server->event = event;
    complete(&server->options);
    r = http_limits_new(event, &server->options, &server->limits);
    if (r < 0)
        return r;
    /* libmicrohttpd closes the socket on some of its failures and not on others; the caller's stays
     * the caller's until nothing can fail any more. */
    own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return -errno;
    server->daemon = start_daemon(server, own);
    /* They are not needed any more, and one is a secret. */
    server->options.tls_key_pem = server->options.tls_cert_pem = NULL;
    if (!server->daemon)
        return -EIO;
    r = attach(server, event);
    if (r < 0)
        return r;
    close(fd);
    *ret = STEAL(server);
    return 0;
}

struct http_server *http_server_free(struct http_server *server)
{
    if (!server)
        return NULL;
    server->stopping = true;
    /* libmicrohttpd must not be stopped while anything is suspended. */
    while (server->waiting) {
        struct http_request *request = server->waiting;

        if (respond_stopping(request) < 0)
            http_server_answered(request);
    }
    http_streams_end(server);
    sd_event_source_disable_unref(server->timer);
    sd_event_source_disable_unref(server->io);
    if (server->daemon) {
        (void)MHD_run(server->daemon);
        MHD_stop_daemon(server->daemon);
    }
    http_limits_free(server->limits);
    free(server);
    return NULL;
}

void http_server_retire(struct http_server *server)
{
    MHD_socket fd = MHD_quiesce_daemon(server->daemon);

    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

unsigned http_server_connections(const struct http_server *server)
{
    const union MHD_DaemonInfo *info;

    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
    return info ? info->num_connections : 0;
}
