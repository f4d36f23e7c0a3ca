/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ask-gateway INTERFACE@ADDRESS: sends a gateway an empty datagram, so that the kernel asks who has
 * its address. Whether it answers the kernel knows then, and tells everybody. A program of its own
 * in a unit of its own: so user-network needs no socket that reaches a network.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unbox/run.h"

/* Where datagrams are thrown away (RFC 863), by those who listen there at all. */
#define DISCARD_PORT 9

static int usage(void)
{
    fputs("usage: ask-gateway INTERFACE@ADDRESS\n", stderr);
    return UNBOX_EXIT_USAGE;
}

/* 0, or the length of the address. */
static socklen_t parse(const char *text, struct sockaddr_storage *ret)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
    struct sockaddr_in *in = (struct sockaddr_in *)ret;

    *ret = (struct sockaddr_storage){};
    if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(DISCARD_PORT);
        return sizeof(*in);
    }
    if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(DISCARD_PORT);
        return sizeof(*in6);
    }
    return 0;
}

int main(int argc, char **argv)
{
    char interface[IF_NAMESIZE];
    struct sockaddr_storage address;
    const char *at = argc == 2 ? strchr(argv[1], '@') : NULL;
    socklen_t size;
    int fd;

    if (!at || at == argv[1] || (size_t)(at - argv[1]) >= sizeof(interface))
        return usage();
    snprintf(interface, sizeof(interface), "%.*s", (int)(at - argv[1]), argv[1]);
    size = parse(at + 1, &address);
    if (!size)
        return usage();
    fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, strlen(interface) + 1) < 0 ||
            sendto(fd, NULL, 0, 0, (const struct sockaddr *)&address, size) < 0) {
        fprintf(stderr, "nothing can be sent to %s: %s\n", argv[1], strerror(errno));
        return UNBOX_EXIT_FAILURE;
    }
    close(fd);
    return UNBOX_EXIT_OK;
}
