/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Port 80 of the hotspot's address (webserver-portal.socket). Phones and computers that have just
 * joined ask there for some page of their maker's, since every name leads to this device; what they
 * get leads to the page, and so they open it. On no other address is there such a port: whoever
 * reaches the device over a home network or a wire is never led anywhere.
 */

#include "http-server.h"

/* The name of its descriptor (sd_listen_fds_with_names()). */
#define PORTAL_NAME "portal"

/* The portal's own address: 10.42.0.1. 0 or a negative errno. */
int portal_address(int fd, char ret[static INET_ADDRSTRLEN]);

/* "http://10.42.0.1:5000/", made of it and of the page's port. */
#define PORTAL_URL_SIZE 64
void portal_url(const char *address, int page_port, char ret[static PORTAL_URL_SIZE]);

/* For http_server_options.fallback: whatever is asked for. `userdata` is a struct api, which
 * knows the URL. */
int portal_respond(struct http_request *request, void *userdata);
