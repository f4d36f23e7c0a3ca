/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel knows of one address on one interface: whether somebody there has answered to it
 * (ARP, or neighbour discovery), as rtnetlink(7) tells. Nothing is sent, and no privilege is
 * needed.
 */

#include <netinet/in.h>
#include <stddef.h>

#include "util.h"

struct neighbour {
    unsigned ifindex;
    int family; /* AF_INET or AF_INET6 */
    union {
        struct in_addr in;
        struct in6_addr in6;
    } address; /* in the order of the network */
};

/* `address` as text, of either kind. 0, -EINVAL when it is none, -ENODEV for no such interface. */
int neighbour_parse(const char *interface, const char *address, struct neighbour *ret);

/* A socket that hears of every neighbour's changes; the caller's to close. Or a negative errno. */
int neighbour_listen(void);

/* Asks the kernel for what it knows now; it answers on the same socket. 0 or a negative errno. */
int neighbour_query(int fd, const struct neighbour *neighbour);

/*
 * Whether one of these messages, as many as recv() gave, says that it has answered since the link
 * came up. Messages that are about others, broken, or cut short say nothing.
 */
bool neighbour_answered(const struct neighbour *neighbour, const void *messages, size_t size);
