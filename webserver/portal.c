/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Each maker has a page of his own to ask for: generate_204 (Android), hotspot-detect.html (Apple),
 * connecttest.txt (Windows), success.txt and canonical.html (Firefox), check_network_status.txt
 * (GNOME). None of them takes a redirection for the answer that it wants, so that one answer is
 * enough for all, and for those to come.
 */

#include "api/api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

int portal_address(int fd, char ret[static INET_ADDRSTRLEN])
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        return -errno;
    if (address.sin_family != AF_INET)
        return -EAFNOSUPPORT;
    inet_ntop(AF_INET, &address.sin_addr, ret, INET_ADDRSTRLEN);
    return 0;
}

void portal_url(const char *address, int page_port, char ret[static PORTAL_URL_SIZE])
{
    snprintf(ret, PORTAL_URL_SIZE, "http://%s:%d/", address, page_port);
}

int portal_respond(struct http_request *request, void *userdata)
{
    const struct api *api = userdata;
    int r;

    /* On the next network the same question has another answer. */
    r = http_request_add_header(request, "Cache-Control", "no-store");
    return r < 0 ? r : http_respond_redirect(request, api->portal_url);
}
