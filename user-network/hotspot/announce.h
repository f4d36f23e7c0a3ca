/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The device's name in the local network, and its page: HOSTNAME.local and a service _http._tcp, by
 * mDNS. Avahi does the work; it may be missing, and may come and go.
 */

#include <systemd/sd-bus.h>

#include "util.h"

struct announce;

/* `bus` is the system bus, attached to its loop. `changed`: something that announce_to_json()
 * tells; don't work in it. 0 or a negative errno. */
int announce_new(
        sd_bus *bus, void (*changed)(void *userdata), void *userdata, struct announce **ret);

/* What was announced is withdrawn when the bus is closed. Accepts NULL; returns NULL. */
struct announce *announce_free(struct announce *announce);

/* Announces this from now on; nothing before it is called. Cheap when nothing has changed. A name
 * with dots counts up to the first. */
void announce_set(struct announce *announce, const char *hostname, unsigned port);

/* The name that the device is found by when it isn't its own, or NULL; borrowed, until the loop
 * goes on. */
const char *announce_other_name(const struct announce *announce);

/* {"host": "NAME.local", "page", "port"}, the last two null until others can find the page; null
 * without Avahi. NULL: out of memory. */
json_t *announce_to_json(const struct announce *announce);

DEFINE_CLEANUP(struct announce *, announce_free);
