/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One publisher and many subscribers on a bus of JSON lines: how long it takes until everybody has
 * everything. At most sixteen messages are under way, counted by what has arrived, so that nobody
 * falls behind for want of a pause. One thread, as the load of bench-dbus-signals.
 */

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "samples.h"
#include "util.h"

#define WINDOW 16
#define SILENCE_MSEC 10000

struct bus {
    int epoll;
    int publisher;
    unsigned subscribers;
    size_t messages;
    size_t sent;
    size_t received; /* by all subscribers together */
    const char *topic;
};

static int join(const char *path)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
        return -EINVAL;
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return STEAL_FD(fd);
}

static int send_line(int fd, json_t *message)
{
    _cleanup_json_ json_t *owned = message;
    _cleanup_free_ char *text = owned ? json_dumps(owned, JSON_COMPACT) : NULL;
    size_t size;

    if (!text)
        return -ENOMEM;
    size = strlen(text);
    text[size] = '\n'; /* the place of its NUL byte: it is no string any more */
    return send(fd, text, size + 1, MSG_NOSIGNAL) == (ssize_t)size + 1 ? 0 : -EIO;
}

/* Waits for the answer; an error in it goes to stderr. */
static int subscribe(struct bus *bus, const char *path)
{
    struct epoll_event event = {.events = EPOLLIN};
    char answer[4096];
    ssize_t n;
    int fd, r;

    fd = join(path);
    if (fd < 0)
        return fd;
    r = send_line(fd, json_pack("{s:i, s:s, s:{s:[s]}}", "id", 1, "method", "subscribe", "params",
                              "topics", bus->topic));
    if (r < 0)
        return r;
    n = recv(fd, answer, sizeof(answer), 0);
    if (n <= 0)
        return -ECONNRESET;
    if (!memmem(answer, n, "\"result\"", 8)) {
        fprintf(stderr, "%.*s", (int)n, answer);
        return -EOPNOTSUPP;
    }
    event.data.fd = fd;
    return epoll_ctl(bus->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int publish(struct bus *bus)
{
    int r;

    while (bus->sent < bus->messages &&
            bus->sent * bus->subscribers < bus->received + (size_t)WINDOW * bus->subscribers) {
        r = send_line(bus->publisher,
                json_pack("{s:I, s:s, s:{s:s, s:{s:I, s:s}}}", "id", (json_int_t)bus->sent,
                        "method", "publish", "params", "topic", bus->topic, "data", "number",
                        (json_int_t)bus->sent, "text", "as long as most events are, or so"));
        if (r < 0)
            return r;
        bus->sent++;
    }
    return 0;
}

static int take(struct bus *bus, int fd)
{
    static char buffer[128 * 1024];
    ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

    if (n <= 0)
        return -ECONNRESET;
    if (fd == bus->publisher) {
        if (!memmem(buffer, n, "\"error\"", 7))
            return 0;
        fprintf(stderr, "%.*s", (int)n, buffer);
        return -EOPNOTSUPP;
    }
    for (const char *c = buffer; (c = memchr(c, '\n', buffer + n - c)); c++)
        bus->received++;
    return 0;
}

static int run(struct bus *bus)
{
    int r = 0;

    while (bus->received < bus->messages * bus->subscribers) {
        struct epoll_event events[128];
        int n;

        r = publish(bus);
        if (r < 0)
            return r;
        n = epoll_wait(bus->epoll, events, ELEMENTSOF(events), SILENCE_MSEC);
        if (n <= 0)
            return n == 0 ? -ETIMEDOUT : -errno;
        for (int i = 0; i < n; i++) {
            r = take(bus, events[i].data.fd);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

static int begin(struct bus *bus, const char *path)
{
    struct epoll_event event = {.events = EPOLLIN};
    int r;

    bus->epoll = epoll_create1(EPOLL_CLOEXEC);
    bus->publisher = join(path);
    if (bus->epoll < 0 || bus->publisher < 0)
        return -ECONNREFUSED;
    event.data.fd = bus->publisher;
    if (epoll_ctl(bus->epoll, EPOLL_CTL_ADD, bus->publisher, &event) < 0)
        return -errno;
    for (unsigned i = 0; i < bus->subscribers; i++) {
        r = subscribe(bus, path);
        if (r < 0)
            return r;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct bus bus = {.epoll = -1, .publisher = -1};
    uint64_t began;
    int r;

    if (argc != 5) {
        fputs("usage: bench-pubsub SOCKET SUBSCRIBERS MESSAGES TOPIC\n", stderr);
        return 2;
    }
    bus.subscribers = strtoul(argv[2], NULL, 10);
    bus.messages = strtoul(argv[3], NULL, 10);
    bus.topic = argv[4];
    r = begin(&bus, argv[1]);
    began = now_nsec();
    if (r >= 0)
        r = run(&bus);
    if (r < 0) {
        fprintf(stderr, "bench-pubsub: %s\n", strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(json_pack("{s:I, s:f}", "messages", (json_int_t)bus.messages, "seconds",
            (now_nsec() - began) / 1e9));
}
