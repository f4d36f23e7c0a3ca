/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The way to the bench. Its address is somebody's on the internet, so a bench is on the link, or
 * tells the way by DHCP (option 121); where only the default route leads there is none.
 */

/*
 * Whether the kernel has a route to `host` on `interface` that is not the default one. 1: it has,
 * or would look for it on the link; 0: only the default route leads there; or a negative errno,
 * -EINVAL for a host that is no IPv4 address. Nothing is sent.
 */
int route_is_own(const char *interface, const char *host);
