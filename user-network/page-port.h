/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The port of the page, which `systemctl edit webserver.socket` can change: asked of systemd. */

#include <systemd/sd-bus.h>

#define PAGE_PORT_DEFAULT 5000

/* Fills *port when systemd answers; until then, and without such a unit, it stays what it is. The
 * slot ends it. 0 or a negative errno. */
int page_port_ask(sd_bus *bus, unsigned *port, sd_bus_slot **ret_slot);

/* The port at the end of a ListenStream=, "[::]:5000" or "5000". 0 or -EINVAL. */
int page_port_parse(const char *listen, unsigned *ret);
