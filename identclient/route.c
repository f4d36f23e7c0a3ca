/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RTM_GETROUTE with RTM_F_FIB_MATCH: the route that was found, and not only where it leads. The
 * kernel has answered when the question was sent (rtnetlink(7)). */

#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/socket.h>

#include "util.h"

struct question {
    struct nlmsghdr header;
    struct rtmsg route;
    struct rtattr host_attribute;
    struct in_addr host;
    struct rtattr interface_attribute;
    uint32_t interface;
};

static int ask(int fd, unsigned interface, struct in_addr host)
{
    const struct question question = {
            .header = {.nlmsg_len = sizeof(question),
                    .nlmsg_type = RTM_GETROUTE,
                    .nlmsg_flags = NLM_F_REQUEST},
            .route = {.rtm_family = AF_INET, .rtm_dst_len = 32, .rtm_flags = RTM_F_FIB_MATCH},
            .host_attribute = {.rta_len = RTA_LENGTH(sizeof(host)), .rta_type = RTA_DST},
            .host = host,
            .interface_attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = RTA_OIF},
            .interface = interface,
    };

    return send(fd, &question, sizeof(question), 0) < 0 ? -errno : 0;
}

/* The length of the route's prefix. */
static int read_answer(int fd)
{
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    ssize_t size = recv(fd, &answer, sizeof(answer), MSG_DONTWAIT);
    const struct nlmsgerr *error = NLMSG_DATA(&answer.header);
    const struct rtmsg *route = NLMSG_DATA(&answer.header);

    if (size < 0)
        return -errno;
    if (!NLMSG_OK(&answer.header, size))
        return -EBADMSG;
    if (answer.header.nlmsg_type == NLMSG_ERROR &&
            answer.header.nlmsg_len >= NLMSG_LENGTH(sizeof(*error)))
        return error->error < 0 ? error->error : -EBADMSG;
    if (answer.header.nlmsg_type != RTM_NEWROUTE ||
            answer.header.nlmsg_len < NLMSG_LENGTH(sizeof(*route)))
        return -EBADMSG;
    return route->rtm_dst_len;
}

int route_is_own(const char *interface, const char *host)
{
    unsigned index = if_nametoindex(interface);
    _cleanup_close_ int fd = -1;
    struct in_addr address;
    int r;

    if (index == 0)
        return -errno;
    if (inet_pton(AF_INET, host, &address) != 1)
        return -EINVAL;
    fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    r = ask(fd, index, address);
    if (r >= 0)
        r = read_answer(fd);
    /* On an interface that a socket is bound to the kernel looks on the link then. */
    if (r == -ENETUNREACH || r == -EHOSTUNREACH)
        return 1;
    return r < 0 ? r : r > 0;
}
