/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The sockets that systemd listens on, and what is served on each. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "assets.h"
#include "guard.h"
#include "unbox/log.h"
#include "web.h"

#define IDLE_SEC 30
/* Every phone on the hotspot asks now and then. */
#define PORTAL_CONNECTIONS_MAX 64
#define PORTAL_CONNECTIONS_PER_ADDRESS_MAX 16

static int port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } address;
    socklen_t size = sizeof(address);

    if (getsockname(fd, &address.any, &size) < 0)
        return -errno;
    if (address.any.sa_family == AF_INET)
        return ntohs(address.in.sin_port);
    if (address.any.sa_family == AF_INET6)
        return ntohs(address.in6.sin6_port);
    return -EAFNOSUPPORT;
}

static void name_port(struct web *web, int port, bool tls)
{
    size_t used = strlen(web->ports);

    snprintf(web->ports + used, sizeof(web->ports) - used, "%s%sport %d", used ? ", " : "",
            tls ? "TLS on " : "", port);
}

/* It is one to be served, and its port. */
static int check_socket(const struct web *web, int fd)
{
    int port;

    if (web->n_servers == WEB_SOCKETS_MAX || web->n_tls == WEB_SOCKETS_MAX)
        return unbox_log_errno(LOG_ERR, -E2BIG, "webserver.socket has too many addresses");
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return unbox_log_errno(LOG_ERR, -ENOTSOCK, "Descriptor %d does not listen", fd);
    port = port_of(fd);
    if (port < 0)
        return unbox_log_errno(LOG_ERR, port, "Descriptor %d has no port", fd);
    return port;
}

static int add_server(struct web *web, int fd, int port, const struct http_server_options *options)
{
    int r = http_server_new(unbox_run_event(web->run), fd, options, &web->servers[web->n_servers]);

    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't serve port %d", port);
    web->n_servers++;
    return 0;
}

static int add_tls(struct web *web, int fd, int port, const struct http_server_options *options)
{
    int r = tls_listener_new(unbox_run_event(web->run), fd, options, &web->tls[web->n_tls]);

    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't serve TLS on port %d", port);
    web->n_tls++;
    if (!web->tls_port)
        web->tls_port = port;
    return 0;
}

/* The first port is plain HTTP's, on as many addresses as there are; every other is TLS's. */
static int serve(struct web *web, int fd)
{
    struct http_server_options options = {
            .routes = api_routes,
            .fallback = assets_respond,
            .before = guard_check,
            .headers = guard_headers,
            .max_connections = WEB_CONNECTIONS_MAX,
            .max_connections_per_address = WEB_CONNECTIONS_PER_ADDRESS_MAX,
            .idle_timeout_sec = IDLE_SEC,
            .connections_changed = web_connections_changed,
            .userdata = web,
    };
    int port = check_socket(web, fd);
    bool tls = web->api.page_port && port != web->api.page_port;
    int r;

    if (port < 0)
        return port;
    if (tls)
        options.max_connections = WEB_TLS_CONNECTIONS_MAX;
    r = tls ? add_tls(web, fd, port, &options) : add_server(web, fd, port, &options);
    if (r < 0)
        return r;
    if (!web->api.page_port)
        web->api.page_port = port;
    name_port(web, port, tls);
    return 0;
}

/* It leads to the page, so that it comes after the page. */
static int serve_portal(struct web *web, int fd)
{
    static const struct http_route none[] = {{}};
    const struct http_server_options options = {
            .routes = none,
            .fallback = portal_respond,
            .before = guard_check_often,
            .headers = guard_headers,
            .max_connections = PORTAL_CONNECTIONS_MAX,
            .max_connections_per_address = PORTAL_CONNECTIONS_PER_ADDRESS_MAX,
            .idle_timeout_sec = IDLE_SEC,
            .userdata = web,
    };
    int port = check_socket(web, fd), r;

    if (port < 0)
        return port;
    r = portal_address(fd, web->api.portal);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Descriptor %d has no IPv4 address", fd);
    portal_url(web->api.portal, web->api.page_port, web->api.portal_url);
    return add_server(web, fd, port, &options);
}

/* The page is there without TLS too; then it is not required either. */
void web_https_changed(void *userdata)
{
    struct web *web = userdata;
    const struct certificate *certificate = https_certificate(web->api.https);
    bool off = https_mode(web->api.https) == HTTPS_OFF;
    int r;

    if (!off && !certificate)
        return;
    web->api.tls_port = off ? 0 : web->tls_port;
    for (size_t i = 0; i < web->n_tls; i++) {
        r = tls_listener_serve(web->tls[i], off ? NULL : certificate);
        if (r < 0)
            unbox_log_errno(LOG_ERR, r, "Can't serve TLS with the present certificate");
        if (r < 0 && !tls_listener_serving(web->tls[i]))
            web->api.tls_port = 0;
    }
}

static bool is_portal(char *const *names, int i)
{
    return names && strcmp(names[i], PORTAL_NAME) == 0;
}

/* The page first, whichever order they come in. */
int web_serve(struct web *web, int first, char *const *names, int n_sockets)
{
    int r;

    for (int i = 0; i < n_sockets; i++) {
        if (is_portal(names, i))
            continue;
        r = serve(web, first + i);
        if (r < 0)
            return r;
    }
    if (!web->api.page_port)
        return unbox_log_errno(
                LOG_ERR, -ENOTCONN, "webserver-portal.socket leads to webserver.socket alone");
    /* The page is worth more than the way to it. */
    for (int i = 0; i < n_sockets; i++)
        if (is_portal(names, i))
            (void)serve_portal(web, first + i);
    web_https_changed(web);
    return 0;
}
