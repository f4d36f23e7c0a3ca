/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The port of the page, which `systemctl edit webserver.socket` can change: asked of systemd, at
 * each change of that unit again. */

#include <systemd/sd-bus.h>

#include "util.h"

#define PAGE_PORT_DEFAULT 5000

struct page_port;

/* `changed` is called with the first answer that isn't the default, and with each change. Without
 * such a unit the port stays what it was. 0 or a negative errno. */
int page_port_new(sd_bus *bus, void (*changed)(unsigned port, void *userdata), void *userdata,
        struct page_port **ret);

/* Accepts NULL; returns NULL. */
struct page_port *page_port_free(struct page_port *page_port);

/* The port at the end of a ListenStream=, "[::]:5000" or "5000". 0 or -EINVAL. */
int page_port_parse(const char *listen, unsigned *ret);

DEFINE_CLEANUP(struct page_port *, page_port_free);
