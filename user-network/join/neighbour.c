/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rtnetlink's RTM_GETNEIGH and its multicast group, for one neighbour. */

#include "neighbour.h"

#include <arpa/inet.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/*
 * Its hardware address is known, and came from itself; the kernel forgets all that it knew when the
 * link goes down. In NUD_PROBE it is being asked again because it has fallen silent.
 */
#define ANSWERED (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PERMANENT | NUD_NOARP)

static size_t address_size(const struct neighbour *neighbour)
{
    return neighbour->family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

int neighbour_parse(const char *interface, const char *address, struct neighbour *ret)
{
    struct neighbour neighbour = {.family = strchr(address, ':') ? AF_INET6 : AF_INET};

    if (inet_pton(neighbour.family, address, &neighbour.address) != 1)
        return -EINVAL;
    neighbour.ifindex = if_nametoindex(interface);
    if (!neighbour.ifindex)
        return -ENODEV;
    *ret = neighbour;
    return 0;
}

int neighbour_listen(void)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_NEIGH};
    _cleanup_close_ int fd = -1;

    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    return STEAL_FD(fd);
}

int neighbour_query(int fd, const struct neighbour *neighbour)
{
    size_t size = address_size(neighbour);
    struct {
        struct nlmsghdr header;
        struct ndmsg about;
        struct rtattr attribute;
        unsigned char address[sizeof(struct in6_addr)];
    } request = {
            .header = {.nlmsg_type = RTM_GETNEIGH,
                    .nlmsg_flags = NLM_F_REQUEST,
                    .nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)) + RTA_LENGTH(size)},
            .about = {.ndm_family = neighbour->family, .ndm_ifindex = neighbour->ifindex},
            .attribute = {.rta_type = NDA_DST, .rta_len = RTA_LENGTH(size)},
    };

    memcpy(request.address, &neighbour->address, size);
    if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
        return -errno;
    return 0;
}

static bool is_about(
        const struct neighbour *neighbour, const struct ndmsg *about, const struct nlmsghdr *header)
{
    const struct rtattr *attribute = (const struct rtattr *)(about + 1);
    int size = header->nlmsg_len - NLMSG_LENGTH(sizeof(*about));

    if (about->ndm_family != neighbour->family || about->ndm_ifindex != (int)neighbour->ifindex)
        return false;
    for (; RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size))
        if (attribute->rta_type == NDA_DST)
            return RTA_PAYLOAD(attribute) == address_size(neighbour) &&
                   memcmp(RTA_DATA(attribute), &neighbour->address, RTA_PAYLOAD(attribute)) == 0;
    return false;
}

bool neighbour_answered(const struct neighbour *neighbour, const void *messages, size_t size)
{
    const struct nlmsghdr *header;

    /* NLMSG_NEXT() would run over the end of a message whose length is no multiple of four. */
    for (size_t at = 0; at + NLMSG_HDRLEN <= size; at += NLMSG_ALIGN(header->nlmsg_len)) {
        const struct ndmsg *about;

        header = (const struct nlmsghdr *)((const char *)messages + at);
        if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > size - at)
            return false;
        about = NLMSG_DATA(header);
        if (header->nlmsg_type == RTM_NEWNEIGH &&
                header->nlmsg_len >= NLMSG_LENGTH(sizeof(*about)) &&
                is_about(neighbour, about, header) && about->ndm_state & ANSWERED)
            return true;
    }
    return false;
}
