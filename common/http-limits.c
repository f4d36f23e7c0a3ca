/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Who may be connected, and for how long. libmicrohttpd's own timeout begins again with every byte,
 * and when its connections are used up it accepts nobody. Here each phase of a request has a
 * deadline that no byte moves; and when there is no room for a newcomer, somebody who has not got
 * as far as a question goes instead: of the network that has most connections the one that has
 * waited longest. So a crowd of idle connections costs nobody else more than the moment that it
 * takes to end one.
 *
 * A connection is ended by its socket alone: libmicrohttpd finds it closed, and cleans up.
 */

#include <string.h>
#include <sys/socket.h>

#include "http-internal.h"

#define BODY_BYTES_PER_SEC (16 * 1024)
/* The page on the slowest Wi-Fi; for somebody who takes a byte now and then it ends too. */
#define SENDING_SEC 120
#define ACCURACY_USEC (100 * USEC_PER_MSEC)

struct network {
    struct network *next;
    struct network *prev;
    struct in6_addr address;
    unsigned n;
};

/* Those that have a deadline are in a list by it; they are also those that may have to go. */
struct connection {
    struct connection *next;
    struct connection *prev;
    struct http_limits *limits;
    struct network *network;
    int fd;
    enum http_phase phase;
    uint64_t since_usec;
    uint64_t deadline_usec; /* 0: none */
    bool gone;              /* its socket is shut down */
};

struct http_limits {
    sd_event *event; /* borrowed */
    sd_event_source *timer;
    struct connection *first;
    struct connection *last;
    struct network *networks;
    uint64_t armed_usec; /* 0: not */
    uint64_t request_usec;
    uint64_t idle_usec;
    unsigned max;
    unsigned max_per_network; /* 0: as many as there are */
    unsigned n;
};

/* As far as one can tell who it is: of a /64 of IPv6 anybody may have as many addresses as he
 * likes; link-local ones all share theirs. */
static struct in6_addr network_of(const struct sockaddr *address)
{
    struct in6_addr network = {};

    if (address->sa_family == AF_INET) {
        network.s6_addr[10] = network.s6_addr[11] = 0xff;
        memcpy(&network.s6_addr[12], &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        network = ((const struct sockaddr_in6 *)address)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(&network) && !IN6_IS_ADDR_LINKLOCAL(&network))
            memset(&network.s6_addr[8], 0, 8);
    }
    return network;
}

static struct network *enter_network(struct http_limits *limits, const struct sockaddr *address)
{
    struct in6_addr wanted = network_of(address);
    struct network *network;

    for (network = limits->networks; network; network = network->next) {
        if (IN6_ARE_ADDR_EQUAL(&network->address, &wanted))
            break;
    }
    if (!network) {
        network = calloc(1, sizeof(*network));
        if (!network)
            return NULL;
        network->address = wanted;
        network->next = limits->networks;
        if (network->next)
            network->next->prev = network;
        limits->networks = network;
    }
    network->n++;
    limits->n++;
    return network;
}

static void leave_network(struct connection *connection)
{
    struct network *network = STEAL(connection->network);

    if (!network)
        return;
    connection->limits->n--;
    if (--network->n > 0)
        return;
    if (network->next)
        network->next->prev = network->prev;
    if (network->prev)
        network->prev->next = network->next;
    else
        connection->limits->networks = network->next;
    free(network);
}

static void link_deadline(struct connection *connection)
{
    struct http_limits *limits = connection->limits;
    struct connection *before = limits->last;

    while (before && before->deadline_usec > connection->deadline_usec)
        before = before->prev;
    connection->prev = before;
    connection->next = before ? before->next : limits->first;
    if (connection->next)
        connection->next->prev = connection;
    else
        limits->last = connection;
    if (before)
        before->next = connection;
    else
        limits->first = connection;
}

static void unlink_deadline(struct connection *connection)
{
    struct http_limits *limits = connection->limits;

    if (connection->deadline_usec == 0)
        return;
    connection->deadline_usec = 0;
    if (connection->next)
        connection->next->prev = connection->prev;
    else
        limits->last = connection->prev;
    if (connection->prev)
        connection->prev->next = connection->next;
    else
        limits->first = connection->next;
    connection->next = connection->prev = NULL;
}

/* A timer that comes too early is armed again; one for each request would cost more. */
static void arm(struct http_limits *limits)
{
    uint64_t deadline = limits->first ? limits->first->deadline_usec : 0;

    if (!deadline || (limits->armed_usec && limits->armed_usec <= deadline))
        return;
    if (sd_event_source_set_time(limits->timer, deadline) >= 0 &&
            sd_event_source_set_enabled(limits->timer, SD_EVENT_ONESHOT) >= 0)
        limits->armed_usec = deadline;
}

static void cut(struct connection *connection)
{
    unlink_deadline(connection);
    leave_network(connection);
    connection->gone = true;
    (void)shutdown(connection->fd, SHUT_RDWR);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct http_limits *limits = userdata;
    uint64_t now;
    int r;

    r = sd_event_now(limits->event, CLOCK_BOOTTIME, &now);
    if (r < 0)
        return r;
    limits->armed_usec = 0;
    while (limits->first && limits->first->deadline_usec <= now)
        cut(limits->first);
    arm(limits);
    return 0;
}

/* Whether `a` has to go rather than `b`. */
static bool goes_first(const struct connection *a, const struct connection *b)
{
    bool a_asks = a->phase == HTTP_BODY || a->phase == HTTP_SENDING;
    bool b_asks = b->phase == HTTP_BODY || b->phase == HTTP_SENDING;

    if (a_asks != b_asks)
        return b_asks;
    if (a->network->n != b->network->n)
        return a->network->n > b->network->n;
    return a->since_usec < b->since_usec;
}

/* The one that has to go of `network` (NULL: of all), so that the newcomer has room; NULL: those
 * that are there are all being answered. */
static struct connection *find_victim(
        const struct connection *newcomer, const struct network *network)
{
    struct connection *victim = NULL;

    for (struct connection *c = newcomer->limits->first; c; c = c->next) {
        if (c == newcomer || (network && c->network != network))
            continue;
        if (!victim || goes_first(c, victim))
            victim = c;
    }
    return victim;
}

static void make_room(struct connection *newcomer)
{
    const struct http_limits *limits = newcomer->limits;
    const struct network *crowded = NULL;

    if (limits->max_per_network > 0 && newcomer->network->n > limits->max_per_network)
        crowded = newcomer->network;
    else if (limits->n <= limits->max)
        return;
    cut(find_victim(newcomer, crowded) ?: newcomer);
}

static uint64_t time_for(const struct http_limits *limits, enum http_phase phase, size_t size)
{
    switch (phase) {
    case HTTP_OPENING:
        return limits->request_usec;
    case HTTP_IDLE:
        return limits->idle_usec;
    case HTTP_BODY:
        return limits->request_usec + size * USEC_PER_SEC / BODY_BYTES_PER_SEC;
    case HTTP_SENDING:
        return SENDING_SEC * USEC_PER_SEC;
    case HTTP_ANSWERING:
        break;
    }
    return 0;
}

static void enter(struct connection *connection, enum http_phase phase, size_t size)
{
    struct http_limits *limits = connection->limits;
    uint64_t limit_usec = time_for(limits, phase, size), now = 0;

    if (connection->gone)
        return;
    unlink_deadline(connection);
    (void)sd_event_now(limits->event, CLOCK_BOOTTIME, &now);
    connection->phase = phase;
    connection->since_usec = now;
    if (limit_usec == 0)
        return;
    connection->deadline_usec = now + limit_usec;
    link_deadline(connection);
    arm(limits);
}

static struct connection *connection_of(struct MHD_Connection *handle)
{
    const union MHD_ConnectionInfo *info;

    info = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void http_limits_enter(struct MHD_Connection *handle, enum http_phase phase, size_t size)
{
    struct connection *connection = connection_of(handle);

    if (connection)
        enter(connection, phase, size);
}

void http_limits_begin(struct MHD_Connection *handle)
{
    struct connection *connection = connection_of(handle);

    /* The time for the first one has begun with the connection. */
    if (connection && connection->phase == HTTP_IDLE)
        enter(connection, HTTP_OPENING, 0);
}

static int open_connection(
        struct http_limits *limits, int fd, const struct sockaddr *address, struct connection **ret)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection)
        return -ENOMEM;
    connection->limits = limits;
    connection->fd = fd;
    connection->network = enter_network(limits, address);
    if (!connection->network) {
        free(connection);
        return -ENOMEM;
    }
    enter(connection, HTTP_OPENING, 0);
    make_room(connection);
    *ret = connection;
    return 0;
}

static void close_connection(struct connection *connection)
{
    unlink_deadline(connection);
    leave_network(connection);
    free(connection);
}

void http_limits_notice(void *userdata, struct MHD_Connection *handle, void **context,
        enum MHD_ConnectionNotificationCode code)
{
    const union MHD_ConnectionInfo *fd, *address;
    struct connection *connection = *context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (connection)
            close_connection(connection);
        *context = NULL;
        return;
    }
    fd = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    address = MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    /* Nobody is served whose limits are not known. */
    if (open_connection(userdata, fd->connect_fd, address->client_addr, &connection) < 0)
        (void)shutdown(fd->connect_fd, SHUT_RDWR);
    else
        *context = connection;
}

int http_limits_new(
        sd_event *event, const struct http_server_options *options, struct http_limits **ret)
{
    struct http_limits *limits = calloc(1, sizeof(*limits));
    int r;

    if (!limits)
        return -ENOMEM;
    *limits = (struct http_limits){
            .event = event,
            .request_usec = options->request_timeout_sec * USEC_PER_SEC,
            .idle_usec = options->idle_timeout_sec * USEC_PER_SEC,
            .max = options->max_connections,
            .max_per_network = options->max_connections_per_address,
    };
    r = sd_event_add_time(
            event, &limits->timer, CLOCK_BOOTTIME, 0, ACCURACY_USEC, on_timer, limits);
    if (r >= 0)
        r = sd_event_source_set_enabled(limits->timer, SD_EVENT_OFF);
    if (r < 0) {
        http_limits_free(limits);
        return r;
    }
    (void)sd_event_source_set_description(limits->timer, "http-limits");
    *ret = limits;
    return 0;
}

struct http_limits *http_limits_free(struct http_limits *limits)
{
    if (!limits)
        return NULL;
    sd_event_source_disable_unref(limits->timer);
    free(limits);
    return NULL;
}
