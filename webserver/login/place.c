/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * By the device's own address, not by the visitor's: the firewall drops what comes to an address
 * over another interface, while anybody can call himself anything.
 */

#include "place.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

bool place_is_loopback(const char *address)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

struct in6_addr place_network(const char *address)
{
    char plain[INET6_ADDRSTRLEN];
    struct in6_addr network = {};
    struct in_addr four;
    size_t size = strcspn(address, "%");

    if (inet_pton(AF_INET, address, &four) == 1) {
        network.s6_addr[10] = network.s6_addr[11] = 0xff;
        memcpy(&network.s6_addr[12], &four, sizeof(four));
        return network;
    }
    if (size >= sizeof(plain))
        return network;
    memcpy(plain, address, size);
    plain[size] = '\0';
    if (inet_pton(AF_INET6, plain, &network) != 1)
        return (struct in6_addr){};
    /* Link-local ones all share theirs. */
    if (!IN6_IS_ADDR_LINKLOCAL(&network))
        memset(&network.s6_addr[8], 0, 8);
    return network;
}

/* `interface` has an "address", with or without the size of its network. */
static bool has_address(const json_t *interface, const char *local)
{
    const char *address = json_string_value(json_object_get(interface, "address"));
    size_t size = address ? strcspn(address, "/") : 0;

    return size > 0 && strlen(local) == size && memcmp(address, local, size) == 0;
}

const char *place_of(const char *local, const json_t *status)
{
    if (place_is_loopback(local))
        return "loopback";
    if (has_address(json_object_get(status, "hotspot"), local))
        return "hotspot";
    if (has_address(json_object_get(status, "wired"), local))
        return "wire";
    return NULL;
}
