/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel tells of each new address (rtnetlink(7)); which interface has one now is
 * getifaddrs()'s to say. */

#include "wire.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The routes of a lease come just after its address. */
#define SETTLE_USEC (100 * USEC_PER_MSEC)

struct wire {
    const char *interface;
    wire_fn done;
    void *userdata;
    int fd;
    sd_event_source *news;
    sd_event_source *settled;
    sd_event_source *patience;
};

bool wire_has_address(const char *interface)
{
    struct ifaddrs *addresses;
    bool found = false;

    if (getifaddrs(&addresses) < 0)
        return false;
    for (const struct ifaddrs *item = addresses; item && !found; item = item->ifa_next)
        found = item->ifa_addr && item->ifa_addr->sa_family == AF_INET &&
                strcmp(item->ifa_name, interface) == 0;
    freeifaddrs(addresses);
    return found;
}

static void stop(struct wire *wire)
{
    wire->news = sd_event_source_disable_unref(wire->news);
    wire->settled = sd_event_source_disable_unref(wire->settled);
    wire->patience = sd_event_source_disable_unref(wire->patience);
}

/* `done` may free the wire. */
static int on_settled(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct wire *wire = userdata;

    stop(wire);
    wire->done(0, wire->userdata);
    return 0;
}

static int on_patience(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct wire *wire = userdata;

    stop(wire);
    wire->done(-ETIMEDOUT, wire->userdata);
    return 0;
}

static int settle(struct wire *wire)
{
    if (wire->settled || !wire_has_address(wire->interface))
        return 0;
    return sd_event_add_time_relative(sd_event_source_get_event(wire->patience), &wire->settled,
            CLOCK_BOOTTIME, SETTLE_USEC, 0, on_settled, wire);
}

/* What it says doesn't count, and may be lost. */
static int on_news(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
    char bytes[4096];

    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC) >= 0 || errno == ENOBUFS) {
    }
    return settle(userdata);
}

static int listen_for_addresses(void)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_IFADDR};
    _cleanup_close_ int fd =
            socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return STEAL_FD(fd);
}

int wire_new(sd_event *event, const char *interface, uint64_t patience_usec, wire_fn done,
        void *userdata, struct wire **ret)
{
    _cleanup_(wire_free_p) struct wire *wire = malloc(sizeof(*wire));
    int r;

    if (!wire)
        return -ENOMEM;
    *wire = (struct wire){.interface = interface, .done = done, .userdata = userdata, .fd = -1};
    wire->fd = listen_for_addresses();
    if (wire->fd < 0)
        return wire->fd;
    r = sd_event_add_io(event, &wire->news, wire->fd, EPOLLIN, on_news, wire);
    if (r >= 0)
        r = sd_event_add_time_relative(
                event, &wire->patience, CLOCK_BOOTTIME, patience_usec, 0, on_patience, wire);
    /* It may have come since whoever calls has looked. */
    if (r >= 0)
        r = settle(wire);
    if (r < 0)
        return r;
    *ret = STEAL(wire);
    return 0;
}

struct wire *wire_free(struct wire *wire)
{
    if (!wire)
        return NULL;
    stop(wire);
    if (wire->fd >= 0)
        close(wire->fd);
    free(wire);
    return NULL;
}
