/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The load on a web server: each client asks, waits for the whole answer, and asks again (a closed
 * loop) on the connection that it has, for as long as the server keeps it. One thread, one epoll,
 * so that what it costs is the same for every server, and is said. The clients have several
 * addresses, as a server may not want so many connections of one.
 *
 * What counts begins when each client has had an answer: neither the start of a server nor the
 * handshakes of hundreds of connections are taken for requests.
 */

#include <arpa/inet.h>
#include <getopt.h>
#include <glob.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "http-reply.h"
#include "samples.h"
#include "util.h"

#define ADDRESSES 32 /* 127.0.1.1 and those that follow */
#define NSEC_PER_MSEC 1000000ULL
#define WARM_UP_MSEC 100
/* For whom has no answer by then, it isn't waited any longer. */
#define PATIENCE_MSEC 10000
#define PIDS_MAX 16
#define HEADERS_MAX 8

enum phase {
    CONNECTING,
    SHAKING, /* hands */
    WAITING, /* for the answer */
    LOST,
};

struct client {
    int fd;
    SSL *ssl;
    enum phase phase;
    uint64_t begun_at; /* of the request; with a new connection, of that */
    struct reply reply;
    bool answered;  /* ever */
    size_t counted; /* answers */
};

struct load {
    int epoll;
    SSL_CTX *tls; /* NULL: plain */
    struct client *clients;
    unsigned n_clients;
    unsigned alive;
    unsigned unanswered; /* of those */
    unsigned lost;
    char *request;
    size_t size;
    uint16_t port;
    bool anew; /* each request on a connection of its own */
    uint64_t begun_at;
    bool counting;
    size_t wrong; /* answers that are not 200 */
    size_t connections;
    double first_usec; /* from the first connection to the first answer */
    struct samples samples;
};

static void hang_up(struct client *client)
{
    if (client->ssl) {
        (void)SSL_shutdown(client->ssl);
        SSL_free(client->ssl);
        client->ssl = NULL;
        /* Or it would be taken for the next one's. */
        ERR_clear_error();
    }
    close_p(&client->fd);
    client->fd = -1;
}

static void load_done(struct load *load)
{
    for (unsigned i = 0; load->clients && i < load->n_clients; i++)
        hang_up(&load->clients[i]);
    close_p(&load->epoll);
    SSL_CTX_free(load->tls);
    free(load->clients);
    free(load->request);
    samples_clear(&load->samples);
}

/* Nobody asks for it any more: the server has refused it, or hung up before its answer was whole.
 */
static void lose(struct load *load, struct client *client)
{
    hang_up(client);
    client->phase = LOST;
    load->unanswered -= !client->answered;
    load->alive--;
    load->lost++;
}

static int begin_tls(struct load *load, struct client *client)
{
    client->ssl = SSL_new(load->tls);
    if (!client->ssl || SSL_set_fd(client->ssl, client->fd) != 1)
        return -ENOMEM;
    SSL_set_connect_state(client->ssl);
    return 0;
}

/* From the client's own address; it goes on when the socket says so. */
static int begin(struct load *load, struct client *client)
{
    struct epoll_event event = {
            .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = client};
    struct sockaddr_in own = {.sin_family = AF_INET}, server = {.sin_family = AF_INET};
    unsigned number = (client - load->clients) % ADDRESSES;
    int on = 1;

    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 0x100 + number);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.sin_port = htons(load->port);
    reply_clear(&client->reply);
    client->begun_at = now_nsec();
    client->phase = CONNECTING;
    load->connections += load->counting;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0 ||
            setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) < 0 ||
            setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
            bind(client->fd, (struct sockaddr *)&own, sizeof(own)) < 0)
        return -errno;
    if (connect(client->fd, (struct sockaddr *)&server, sizeof(server)) < 0 && errno != EINPROGRESS)
        return -errno;
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        return -errno;
    return load->tls ? begin_tls(load, client) : 0;
}

static bool would_wait(const struct client *client, int n)
{
    int error = SSL_get_error(client->ssl, n);

    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* How much has come; -EAGAIN: nothing yet; another negative errno: the connection has ended. */
static int receive(struct client *client, char *buffer, size_t size)
{
    int n;

    if (client->ssl) {
        n = SSL_read(client->ssl, buffer, size);
        return n > 0 ? n : would_wait(client, n) ? -EAGAIN : -ECONNRESET;
    }
    n = recv(client->fd, buffer, size, 0);
    return n > 0 ? n : n == 0 ? -ECONNRESET : -errno;
}

/* It is short: a socket takes it at once. */
static int ask(struct load *load, struct client *client)
{
    int n;

    client->phase = WAITING;
    reply_clear(&client->reply);
    n = client->ssl ? SSL_write(client->ssl, load->request, load->size)
                    : send(client->fd, load->request, load->size, MSG_NOSIGNAL);
    return n == (int)load->size ? 0 : -EIO;
}

static int on_answer(struct load *load, struct client *client)
{
    uint64_t now = now_nsec();
    int r;

    if (!load->first_usec)
        load->first_usec = (now - load->begun_at) / 1e3;
    load->unanswered -= !client->answered;
    client->answered = true;
    load->wrong += client->reply.status != 200;
    if (load->counting) {
        client->counted++;
        r = samples_add(&load->samples, now - client->begun_at);
        if (r < 0)
            return r;
    }
    if (client->reply.closes || load->anew) {
        hang_up(client);
        return begin(load, client);
    }
    client->begun_at = now;
    return ask(load, client);
}

static int read_answer(struct load *load, struct client *client)
{
    static char buffer[64 * 1024];
    int n, r;

    for (;;) {
        n = receive(client, buffer, sizeof(buffer));
        if (n < 0)
            return n == -EAGAIN ? 0 : n;
        r = reply_take(&client->reply, buffer, n);
        if (r < 0)
            return r;
        if (r > 0)
            return on_answer(load, client);
    }
}

/* As far as its socket lets it. A negative errno: this client can't go on. */
static int go_on(struct load *load, struct client *client)
{
    socklen_t size = sizeof(int);
    int error = 0, n, r;

    if (client->phase == CONNECTING) {
        if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
            return -ECONNREFUSED;
        client->phase = SHAKING;
    }
    if (client->phase == SHAKING) {
        n = client->ssl ? SSL_do_handshake(client->ssl) : 1;
        if (n != 1)
            return would_wait(client, n) ? 0 : -EPROTO;
        r = ask(load, client);
        if (r < 0)
            return r;
    }
    return client->phase == WAITING ? read_answer(load, client) : 0;
}

/* Until `end`; or, if `first` is set, until each has an answer, if that is sooner. */
static int run(struct load *load, uint64_t end, bool first)
{
    struct epoll_event events[128];
    uint64_t now = now_nsec();

    while (load->alive > 0 && now < end && !(first && load->unanswered == 0)) {
        int n = epoll_wait(load->epoll, events, ELEMENTSOF(events),
                (end - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC);

        if (n < 0)
            return -errno;
        for (int i = 0; i < n; i++) {
            int r = go_on(load, events[i].data.ptr);

            if (r == -ENOMEM)
                return r;
            if (r < 0)
                lose(load, events[i].data.ptr);
        }
        now = now_nsec();
    }
    return 0;
}

static int begin_all(struct load *load)
{
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->clients = calloc(load->n_clients, sizeof(*load->clients));
    if (load->epoll < 0 || !load->clients)
        return -ENOMEM;
    for (unsigned i = 0; i < load->n_clients; i++)
        load->clients[i].fd = -1;
    load->alive = load->unanswered = load->n_clients;
    load->begun_at = now_nsec();
    for (unsigned i = 0; i < load->n_clients; i++) {
        int r = begin(load, &load->clients[i]);

        if (r < 0)
            return r;
    }
    return 0;
}

/* Everybody does the same work: TLS 1.3, whatever else a server would prefer. */
static int prepare_tls(struct load *load)
{
    load->tls = SSL_CTX_new(TLS_client_method());
    if (!load->tls || SSL_CTX_set_min_proto_version(load->tls, TLS1_3_VERSION) != 1 ||
            SSL_CTX_set_ciphersuites(load->tls, "TLS_AES_256_GCM_SHA384") != 1 ||
            SSL_CTX_set1_groups_list(load->tls, "X25519") != 1)
        return -EIO;
    /* Whose certificate it is, is no business of a measure. */
    SSL_CTX_set_verify(load->tls, SSL_VERIFY_NONE, NULL);
    return 0;
}

/* What all threads of a process have computed, in µs, by the scheduler's books. */
static double process_cpu_usec(unsigned pid)
{
    _cleanup_(globfree) glob_t threads = {};
    char pattern[64];
    double usec = 0, nsec;

    snprintf(pattern, sizeof(pattern), "/proc/%u/task/*/schedstat", pid);
    if (glob(pattern, 0, NULL, &threads) != 0)
        return 0;
    for (size_t i = 0; i < threads.gl_pathc; i++) {
        FILE *file = fopen(threads.gl_pathv[i], "re");

        if (!file)
            continue;
        if (fscanf(file, "%lf", &nsec) == 1)
            usec += nsec / 1e3;
        fclose(file);
    }
    return usec;
}

static double servers_cpu_usec(const unsigned *pids)
{
    double usec = 0;

    for (; *pids; pids++)
        usec += process_cpu_usec(*pids);
    return usec;
}

static unsigned starved(const struct load *load)
{
    unsigned n = 0;

    for (unsigned i = 0; i < load->n_clients; i++)
        n += load->clients[i].phase != LOST && load->clients[i].counted == 0;
    return n;
}

/* 0, with the result in *ret, or a negative errno. No `msec`: it is over with the first answers. */
static int measure(struct load *load, unsigned msec, const unsigned *pids, json_t **ret)
{
    double cpu = 0, servers = 0;
    uint64_t begun;
    int r;

    r = begin_all(load);
    if (r >= 0)
        r = run(load, now_nsec() + PATIENCE_MSEC * NSEC_PER_MSEC, true);
    if (r >= 0 && msec > 0)
        r = run(load, now_nsec() + WARM_UP_MSEC * NSEC_PER_MSEC, false);
    if (r < 0)
        return r;
    load->counting = true;
    begun = now_nsec();
    cpu = own_cpu_usec();
    servers = servers_cpu_usec(pids);
    r = run(load, begun + msec * NSEC_PER_MSEC, false);
    if (r < 0)
        return r;
    *ret = json_pack("{s:I, s:f, s:f, s:f, s:f, s:i, s:I, s:i, s:I}", "answers",
            (json_int_t)load->samples.count, "seconds", (now_nsec() - begun) / 1e9, "first",
            load->first_usec, "generator", own_cpu_usec() - cpu, "servers",
            servers_cpu_usec(pids) - servers, "lost", load->lost, "wrong", (json_int_t)load->wrong,
            "starved", msec > 0 ? starved(load) : load->unanswered, "connections",
            (json_int_t)load->connections);
    return *ret && json_object_set_new(*ret, "latency", samples_summary(&load->samples)) == 0
                   ? 0
                   : -ENOMEM;
}

static int usage(void)
{
    fputs("usage: bench-http-load [--tls] [--new] [--header TEXT]… [--pid PID]… PORT PATH "
          "CLIENTS MSEC\n",
            stderr);
    return 2;
}

static int write_request(struct load *load, const char *path, const char *const *headers)
{
    FILE *file = open_memstream(&load->request, &load->size);

    if (!file)
        return -errno;
    fprintf(file, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n", path, load->port);
    for (; *headers; headers++)
        fprintf(file, "%s\r\n", *headers);
    fprintf(file, "%s\r\n", load->anew ? "Connection: close\r\n" : "");
    return fclose(file) == 0 ? 0 : -ENOMEM;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"tls", no_argument, NULL, 't'},
            {"new", no_argument, NULL, 'n'}, {"header", required_argument, NULL, 'h'},
            {"pid", required_argument, NULL, 'p'}, {}};
    _cleanup_(load_done) struct load load = {.epoll = -1};
    const char *headers[HEADERS_MAX + 1] = {};
    unsigned pids[PIDS_MAX + 1] = {};
    size_t n_headers = 0, n_pids = 0;
    json_t *result = NULL;
    bool tls = false;
    int c, r;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (c == 't')
            tls = true;
        else if (c == 'n')
            load.anew = true;
        else if (c == 'h' && n_headers < HEADERS_MAX)
            headers[n_headers++] = optarg;
        else if (c == 'p' && n_pids < PIDS_MAX)
            pids[n_pids++] = strtoul(optarg, NULL, 10);
        else
            return usage();
    }
    if (argc - optind != 4)
        return usage();
    load.port = strtoul(argv[optind], NULL, 10);
    load.n_clients = strtoul(argv[optind + 2], NULL, 10);
    if (load.port == 0 || load.n_clients == 0)
        return usage();
    r = write_request(&load, argv[optind + 1], headers);
    if (r >= 0 && tls)
        r = prepare_tls(&load);
    if (r >= 0)
        r = measure(&load, strtoul(argv[optind + 3], NULL, 10), pids, &result);
    if (r < 0) {
        fprintf(stderr, "bench-http-load: port %u: %s\n", load.port, strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(result);
}
