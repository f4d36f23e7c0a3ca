/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The load on a line-based Unix socket: each client sends its line, waits for the answer, and sends
 * again (a closed loop). One thread, one epoll, so that what it costs is the same for every server
 * that it asks. A server may refuse clients; how many is part of the result.
 */

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "samples.h"
#include "util.h"

#define WARM_UP 20 /* requests of each client that don't count */
#define SILENCE_MSEC 10000

struct client {
    int fd;
    uint64_t sent_at;
    unsigned answered;
    bool in_answer; /* its first bytes have come */
};

struct load {
    int epoll;
    struct client *clients;
    unsigned alive;
    unsigned refused;
    char *line;
    size_t size;
    const char *expected;
    size_t left;
    size_t answers; /* with those that don't count */
    struct samples samples;
};

static void load_done(struct load *load)
{
    close_p(&load->epoll);
    free(load->clients);
    free(load->line);
    samples_clear(&load->samples);
}

static int ask(struct load *load, struct client *client)
{
    client->sent_at = now_nsec();
    return send(client->fd, load->line, load->size, MSG_NOSIGNAL) == (ssize_t)load->size ? 0 : -EIO;
}

static void drop(struct load *load, struct client *client)
{
    close_p(&client->fd);
    client->fd = -1;
    load->alive--;
    load->refused++;
}

/* Only one answer can be under way: a newline at the end of what was read ends it. */
static int take(struct load *load, struct client *client)
{
    static char buffer[128 * 1024];
    ssize_t n = recv(client->fd, buffer, sizeof(buffer), 0);
    uint64_t now = now_nsec();

    if (n <= 0 ||
            (!client->in_answer && !memmem(buffer, n, load->expected, strlen(load->expected)))) {
        drop(load, client);
        return 0;
    }
    client->in_answer = buffer[n - 1] != '\n';
    if (client->in_answer)
        return 0;
    load->answers++;
    if (++client->answered > WARM_UP) {
        if (samples_add(&load->samples, now - client->sent_at) < 0)
            return -ENOMEM;
        load->left -= load->left > 0;
    }
    if (ask(load, client) < 0)
        drop(load, client);
    return 0;
}

static int join(struct load *load, struct client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, client->fd, &event) < 0)
        return -errno;
    load->alive++;
    if (ask(load, client) < 0)
        drop(load, client);
    return 0;
}

static int run(struct load *load)
{
    struct epoll_event events[128];
    int r;

    while (load->left > 0 && load->alive > 0) {
        int n = epoll_wait(load->epoll, events, ELEMENTSOF(events), SILENCE_MSEC);

        if (n <= 0)
            return n == 0 ? -ETIMEDOUT : -errno;
        for (int i = 0; i < n; i++) {
            r = take(load, events[i].data.ptr);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int measure(struct load *load, const char *path, unsigned count)
{
    int r;

    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    load->clients = calloc(count, sizeof(*load->clients));
    if (load->epoll < 0 || !load->clients || load->size == 0)
        return -ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        r = join(load, &load->clients[i], path);
        if (r < 0)
            return r;
    }
    return run(load);
}

int main(int argc, char **argv)
{
    _cleanup_(load_done) struct load load = {.epoll = -1};
    uint64_t begin = now_nsec();
    int r, length;

    if (argc != 6) {
        fputs("usage: bench-load SOCKET CLIENTS REQUESTS LINE EXPECTED\n", stderr);
        return 2;
    }
    load.left = strtoul(argv[3], NULL, 10);
    load.expected = argv[5];
    length = asprintf(&load.line, "%s\n", argv[4]);
    load.size = length > 0 ? length : 0;

    r = measure(&load, argv[1], strtoul(argv[2], NULL, 10));
    if (r < 0) {
        fprintf(stderr, "bench-load: %s: %s\n", argv[1], strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(json_pack("{s:o, s:I, s:f, s:I}", "latency", samples_summary(&load.samples),
            "answers", (json_int_t)load.answers, "seconds", (now_nsec() - begin) / 1e9, "refused",
            (json_int_t)load.refused));
}
