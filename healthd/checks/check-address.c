/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An interface is up, has a carrier and an address: the one that the configuration names, or any
 * but a link-local one. getifaddrs() asks rtnetlink, which answers at once.
 */

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "check-net.h"
#include "check.h"

struct address {
    char *interface;
    char *wanted; /* "": any */
};

static void address_close(struct check *check)
{
    struct address *address = check->data;

    if (!address)
        return;
    free(address->interface);
    free(address->wanted);
    free(address);
}

static int address_open(struct check *check, const struct unbox_config_row *row)
{
    struct address *address = check->data = calloc(1, sizeof(*address));

    if (!address)
        return -ENOMEM;
    address->interface = strdup(unbox_config_row_string(row, "interface"));
    address->wanted = strdup(unbox_config_row_string(row, "address"));
    if (!address->interface || !address->wanted)
        return -ENOMEM;
    if (asprintf(&check->target, "%s%s%s", address->interface, *address->wanted ? " " : "",
                address->wanted) < 0)
        check->target = NULL;
    return check->target ? 0 : -ENOMEM;
}

static bool is_link_local(const struct sockaddr *sa)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

    if (sa->sa_family == AF_INET)
        return ntohl(in->sin_addr.s_addr) >> 16 == 0xa9fe;
    return IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

static void judge(struct check *check, const struct ifaddrs *list)
{
    const struct address *address = check->data;
    char text[CHECK_ADDRESS_SIZE], found[CHECK_ADDRESS_SIZE] = "";
    unsigned flags = 0;
    bool exists = false, has = false;

    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (strcmp(i->ifa_name, address->interface) != 0)
            continue;
        exists = true;
        flags = i->ifa_flags;
        if (!i->ifa_addr || !check_address_text(i->ifa_addr, text) ||
                (!*address->wanted && is_link_local(i->ifa_addr)))
            continue;
        if (!has && (!*found || strchr(found, ':')))
            memcpy(found, text, sizeof(found));
        has |= !*address->wanted || check_address_is(i->ifa_addr, address->wanted);
    }
    if (!exists)
        check_done(check, CHECK_FAILING, "there is no interface %s", address->interface);
    else if (!(flags & IFF_UP))
        check_done(check, CHECK_FAILING, "%s is down", address->interface);
    else if (!(flags & IFF_RUNNING))
        check_done(check, CHECK_FAILING, "%s has no carrier", address->interface);
    else if (has)
        check_done(check, CHECK_OK, "has %s", *address->wanted ? address->wanted : found);
    else if (*found)
        check_done(check, CHECK_FAILING, "has %s instead", found);
    else
        check_done(check, CHECK_FAILING, "has no address");
}

static int address_start(struct check *check)
{
    struct ifaddrs *list;

    if (getifaddrs(&list) < 0)
        return -errno;
    judge(check, list);
    freeifaddrs(list);
    return 0;
}

const struct check_type check_address = {
        .name = "address",
        .open = address_open,
        .start = address_start,
        .close = address_close,
};
