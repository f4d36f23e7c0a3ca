/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The names that a browser may call this device by. Somebody else's name that leads here is either
 * a phone that asks whether there is internet, or an attempt to make a browser believe that a
 * foreign page and this one are the same (DNS rebinding): both are sent to the device's own name.
 */

#include <stdbool.h>
#include <stdint.h>

#include "http-server.h"
#include "peer.h"

/* What user-network has said of the hostname; of this process's own nothing can be known. */
struct own_name {
    char name[65];      /* "": not known (yet) */
    char announced[80]; /* what it is found by over mDNS, which another device may have taken; or ""
                         */
    uint64_t asked_usec;
    /* user-network has answered, or can't. Optional. */
    void (*told)(void *userdata);
    void *userdata;
};

/* Asks `network`, at most once a second; the answer comes later. */
void own_name_refresh(struct own_name *own, struct peer *network, uint64_t now_usec);

/*
 * Whether a Host header means this device: an address, localhost, its name or its name with .local.
 * As long as the name is not known, any name that can't be registered on the internet. NULL: no.
 */
bool own_name_is(const struct own_name *own, const char *host);

/* The URL of the first page at `port`, over TLS or not, by the name or address in a Host header
 * that own_name_is(). 0 or -EINVAL. */
#define OWN_URL_SIZE 300
int own_name_url(const char *host, bool tls, int port, char ret[static OWN_URL_SIZE]);

/* Leads to the first page by the device's name; by its address while that isn't known. */
int own_name_redirect(const struct own_name *own, struct http_request *request);
