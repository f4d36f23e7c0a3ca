/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses and connections, for the checks that have to do with them. */

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "check.h"

#define CHECK_ADDRESS_SIZE INET6_ADDRSTRLEN

/* False when it is no IP address. */
bool check_address_text(const struct sockaddr *address, char ret[static CHECK_ADDRESS_SIZE]);

/* `text` is an IP address, in whatever notation. */
bool check_address_is(const struct sockaddr *address, const char *text);

/* A connection that is only there to be made. `error` is 0 or a negative errno. */
struct check_connection;
typedef void (*check_connected_fn)(struct check *check, int error);

/* Begins; `fn` is called once from the event loop, unless it is freed before. 0 or a negative
 * errno.
 */
int check_connection_new(struct check *check, const struct sockaddr *address, socklen_t size,
        check_connected_fn fn, struct check_connection **ret);

/* Accepts NULL; returns NULL. */
struct check_connection *check_connection_free(struct check_connection *connection);
