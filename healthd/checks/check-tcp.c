/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A TCP port takes a connection. */

#include <arpa/inet.h>
#include <string.h>

#include "check-net.h"
#include "check.h"

struct tcp {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    socklen_t size;
    struct check_connection *connection;
};

static void tcp_cancel(struct check *check)
{
    struct tcp *tcp = check->data;

    tcp->connection = check_connection_free(tcp->connection);
}

static int tcp_open(struct check *check, const struct unbox_config_row *row)
{
    const char *address = unbox_config_row_string(row, "address");
    in_port_t port = htons(unbox_config_row_int(row, "port"));
    struct tcp *tcp = check->data = calloc(1, sizeof(*tcp));
    bool v6 = strchr(address, ':');

    if (!tcp)
        return -ENOMEM;
    if (v6) {
        tcp->address.in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port};
        tcp->size = sizeof(tcp->address.in6);
        if (inet_pton(AF_INET6, address, &tcp->address.in6.sin6_addr) != 1)
            return -EINVAL;
    } else {
        tcp->address.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
        tcp->size = sizeof(tcp->address.in);
        if (inet_pton(AF_INET, address, &tcp->address.in.sin_addr) != 1)
            return -EINVAL;
    }
    if (asprintf(&check->target, v6 ? "[%s]:%u" : "%s:%u", address, ntohs(port)) < 0)
        check->target = NULL;
    return check->target ? 0 : -ENOMEM;
}

static void on_connected(struct check *check, int error)
{
    tcp_cancel(check);
    if (error < 0)
        check_done_errno(check, error);
    else
        check_done(check, CHECK_OK, "takes connections");
}

static int tcp_start(struct check *check)
{
    struct tcp *tcp = check->data;

    return check_connection_new(
            check, &tcp->address.any, tcp->size, on_connected, &tcp->connection);
}

const struct check_type check_tcp = {
        .name = "tcp",
        .open = tcp_open,
        .start = tcp_start,
        .cancel = tcp_cancel,
};
