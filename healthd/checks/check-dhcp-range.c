/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * systemd-networkd leases addresses on an interface, and the right ones. What networkd 252 tells of
 * its DHCP server on the bus is that it is there (`Leases` is an error otherwise) and what it has
 * leased, but not its pool. So: the link is set up, the range fits the interface's own network, the
 * server is there, and all that it has leased lies in the range.
 */

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>

#include "check-bus.h"
#include "check-net.h"

#define NETWORK1 "org.freedesktop.network1"

struct dhcp_range {
    struct check_query query;
    uint32_t start, end; /* host byte order; 0: not given */
    char *interface;
    char *link; /* its path on the bus */
};

static void dhcp_range_close(struct check *check)
{
    struct dhcp_range *range = check->data;

    if (!range)
        return;
    free(range->interface);
    free(range->link);
    free(range);
}

static uint32_t to_number(const char *text)
{
    struct in_addr address;

    return inet_pton(AF_INET, text, &address) == 1 ? ntohl(address.s_addr) : 0;
}

static int dhcp_range_open(struct check *check, const struct unbox_config_row *row)
{
    const char *start = unbox_config_row_string(row, "range_start");
    const char *end = unbox_config_row_string(row, "range_end");
    struct dhcp_range *range = check->data = calloc(1, sizeof(*range));

    if (!range)
        return -ENOMEM;
    range->query.check = check;
    range->start = to_number(start);
    range->end = to_number(end);
    range->interface = strdup(unbox_config_row_string(row, "interface"));
    if (!range->interface)
        return -ENOMEM;
    if (asprintf(&check->target, "%s%s%s%s%s", range->interface, range->start ? " " : "", start,
                range->end ? "-" : "", end) < 0)
        check->target = NULL;
    return check->target ? 0 : -ENOMEM;
}

static bool holds(const struct dhcp_range *range, uint32_t address)
{
    return (!range->start || address >= range->start) && (!range->end || address <= range->end);
}

/* Whether both ends lie in one of the interface's IPv4 networks. 1, 0 or a negative errno. */
static int fits_network(const struct dhcp_range *range)
{
    struct ifaddrs *list;
    bool fits = false;

    if (getifaddrs(&list) < 0)
        return -errno;
    for (const struct ifaddrs *i = list; i && !fits; i = i->ifa_next) {
        uint32_t own, mask;

        if (strcmp(i->ifa_name, range->interface) != 0 || !i->ifa_addr || !i->ifa_netmask ||
                i->ifa_addr->sa_family != AF_INET)
            continue;
        own = ntohl(((const struct sockaddr_in *)i->ifa_addr)->sin_addr.s_addr);
        mask = ntohl(((const struct sockaddr_in *)i->ifa_netmask)->sin_addr.s_addr);
        fits = (!range->start || (range->start & mask) == (own & mask)) &&
               (!range->end || (range->end & mask) == (own & mask));
    }
    freeifaddrs(list);
    return fits;
}

/* Counts the leases, and finds one that lies outside of the range (0: none). */
static int read_leases(
        const struct dhcp_range *range, sd_bus_message *m, unsigned *ret_count, uint32_t *ret_stray)
{
    unsigned count = 0;
    uint32_t stray = 0;
    int r;

    r = sd_bus_message_enter_container(m, 'a', "(uayayayayt)");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'r', "uayayayayt")) > 0) {
        const void *address;
        uint32_t number;
        size_t size;

        r = sd_bus_message_skip(m, "uay");
        if (r >= 0)
            r = sd_bus_message_read_array(m, 'y', &address, &size);
        if (r >= 0)
            r = size == sizeof(number) ? sd_bus_message_skip(m, "ayayt") : -EBADMSG;
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return r;
        memcpy(&number, address, sizeof(number));
        count++;
        if (!holds(range, ntohl(number)))
            stray = number;
    }
    if (r < 0)
        return r;
    *ret_count = count;
    *ret_stray = stray;
    return 0;
}

static void on_leases(struct check_query *query, sd_bus_message *reply, const sd_bus_error *error)
{
    struct check *check = query->check;
    char text[INET_ADDRSTRLEN];
    unsigned count;
    uint32_t stray;

    if (sd_bus_error_has_name(error, SD_BUS_ERROR_NOT_SUPPORTED))
        check_done(check, CHECK_FAILING, "systemd-networkd leases nothing on it");
    else if (error)
        check_query_failed(query, "systemd-networkd", error);
    else if (read_leases(check->data, reply, &count, &stray) < 0)
        check_done(check, CHECK_UNKNOWN, "systemd-networkd answers something else than was asked");
    else if (stray)
        check_done(check, CHECK_FAILING, "%s is leased, outside of the range",
                inet_ntop(AF_INET, &stray, text, sizeof(text)));
    else
        check_done(check, CHECK_OK, "leases addresses, %u now", count);
}

static void on_state(struct check_query *query, sd_bus_message *reply, const sd_bus_error *error)
{
    struct check *check = query->check;
    struct dhcp_range *range = check->data;
    const char *state;
    int r;

    if (error) {
        check_query_failed(query, "systemd-networkd", error);
        return;
    }
    r = sd_bus_message_read_basic(reply, 's', &state);
    if (r >= 0 && strcmp(state, "configured") != 0) {
        check_done(check, CHECK_FAILING, "systemd-networkd has it %s", state);
        return;
    }
    if (r >= 0)
        r = fits_network(range);
    if (r < 0)
        check_done_errno(check, r);
    else if (r == 0)
        check_done(check, CHECK_FAILING, "the range isn't in a network of %s", range->interface);
    else
        check_query_property(query, NETWORK1, range->link, NETWORK1 ".DHCPServer", "Leases",
                "a(uayayayayt)", on_leases);
}

static void on_link(struct check_query *query, sd_bus_message *reply, const sd_bus_error *error)
{
    struct dhcp_range *range = query->check->data;
    const char *path;
    int r;

    if (sd_bus_error_has_name(error, "org.freedesktop.resolve1.NoSuchLink")) {
        check_done(query->check, CHECK_FAILING, "there is no interface %s", range->interface);
        return;
    }
    if (error) {
        check_query_failed(query, "systemd-networkd", error);
        return;
    }
    r = sd_bus_message_read(reply, "io", NULL, &path);
    if (r >= 0) {
        free(range->link);
        range->link = strdup(path);
        r = range->link ? 0 : -ENOMEM;
    }
    if (r < 0)
        check_done_errno(query->check, r);
    else
        check_query_property(query, NETWORK1, range->link, NETWORK1 ".Link", "AdministrativeState",
                "s", on_state);
}

static int dhcp_range_start(struct check *check)
{
    struct dhcp_range *range = check->data;

    check_query_call(&range->query, NETWORK1, "/org/freedesktop/network1", NETWORK1 ".Manager",
            "GetLinkByName", range->interface, on_link);
    return 0;
}

static void dhcp_range_cancel(struct check *check)
{
    struct dhcp_range *range = check->data;

    check_query_cancel(&range->query);
}

const struct check_type check_dhcp_range = {
        .name = "dhcp_range",
        .open = dhcp_range_open,
        .start = dhcp_range_start,
        .cancel = dhcp_range_cancel,
        .close = dhcp_range_close,
};
