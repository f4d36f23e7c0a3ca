/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The page of the device: files, and an API that asks the other daemons. systemd listens and hands
 * the sockets over; this process opens none, writes nothing and needs no privilege.
 */

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "api.h"
#include "assets.h"
#include "guard.h"
#include "unbox/log.h"
#include "unbox/run.h"
#include "unbox/service.h"

#define SOCKETS_MAX 8
#define CONNECTIONS_MAX 256
/* A browser opens six; several phones may share an address. */
#define CONNECTIONS_PER_ADDRESS_MAX 48
#define IDLE_SEC 30
/* Connections come and go by the dozen: what `systemctl status` says follows at leisure. */
#define STATUS_USEC (1 * USEC_PER_SEC)

struct web {
    struct api api; /* first: the servers' userdata is both */
    struct unbox_run *run;
    struct http_server *servers[SOCKETS_MAX];
    size_t n_servers;
    char ports[64]; /* "port 5000", "ports 5000, 80" */
    sd_event_source *status_timer;
    struct unbox_service *service;
};

/* Questions first: their answers would go to requests that are gone. */
static int stop(void *userdata)
{
    struct web *web = userdata;

    web->api.network = peer_free(web->api.network);
    web->api.health = peer_free(web->api.health);
    while (web->n_servers > 0)
        http_server_free(web->servers[--web->n_servers]);
    return 0;
}

static void web_done(struct web *web)
{
    stop(web);
    sd_event_source_disable_unref(web->status_timer);
    unbox_service_free(web->service);
    unbox_run_free(web->run);
}

static void update_status(struct web *web)
{
    unsigned connections = 0;

    for (size_t i = 0; i < web->n_servers; i++)
        connections += http_server_connections(web->servers[i]);
    if (connections == 0)
        unbox_run_status(web->run, "serving the page on %s, no connections", web->ports);
    else
        unbox_run_status(web->run, "serving the page on %s, %u connection%s", web->ports,
                connections, connections == 1 ? "" : "s");
}

static int on_status_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    update_status(userdata);
    return 0;
}

static void on_connections_changed(void *userdata)
{
    struct web *web = userdata;
    int enabled;

    if (sd_event_source_get_enabled(web->status_timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(web->status_timer, STATUS_USEC);
    (void)sd_event_source_set_enabled(web->status_timer, SD_EVENT_ONESHOT);
}

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

static void name_port(struct web *web, int port)
{
    size_t used = strlen(web->ports);

    snprintf(web->ports + used, sizeof(web->ports) - used, "%s%d", used ? ", " : "port ", port);
}

static int serve(struct web *web, int fd)
{
    const struct http_server_options options = {
            .routes = api_routes,
            .fallback = assets_respond,
            .before = guard_check,
            .headers = guard_headers,
            .max_connections = CONNECTIONS_MAX,
            .max_connections_per_address = CONNECTIONS_PER_ADDRESS_MAX,
            .idle_timeout_sec = IDLE_SEC,
            .connections_changed = on_connections_changed,
            .userdata = web,
    };
    int port, r;

    if (web->n_servers == SOCKETS_MAX)
        return unbox_log_errno(LOG_ERR, -E2BIG, "webserver.socket has too many addresses");
    if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
        return unbox_log_errno(LOG_ERR, -ENOTSOCK, "Descriptor %d does not listen", fd);
    port = port_of(fd);
    if (port < 0)
        return unbox_log_errno(LOG_ERR, port, "Descriptor %d has no port", fd);
    r = http_server_new(unbox_run_event(web->run), fd, &options, &web->servers[web->n_servers]);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't serve port %d", port);
    web->n_servers++;
    name_port(web, port);
    return 0;
}

static int new_peer(
        struct web *web, const char *folder, const char *name, const char *title, struct peer **ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s.sock", folder, name) < 0)
        return -ENOMEM;
    return peer_new(unbox_run_event(web->run), path, title, ret);
}

/* It answers browsers, and no other daemon: no endpoint. */
static int announce(struct web *web, const char *folder)
{
    static const char *const capabilities[] = {"page", NULL};
    _cleanup_free_ char *socket = NULL;
    struct unbox_service_options options = {
            .name = "webserver",
            .version = PROJECT_VERSION,
            .description = "The page of this device",
            .capabilities = capabilities,
    };

    if (asprintf(&socket, "%s/healthd.sock", folder) < 0) {
        socket = NULL;
        return -ENOMEM;
    }
    options.socket = socket;
    return unbox_service_register(
            unbox_run_event(web->run), &options, unbox_log_registered, NULL, &web->service);
}

static int set_up(struct web *web, const char *folder, int n_sockets)
{
    static const struct unbox_run_ops ops = {.stop = stop};
    int r;

    r = unbox_run_new(&ops, web, &web->run);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't make the event loop");
    r = new_peer(web, folder, "user-network", "The network service", &web->api.network);
    if (r == 0)
        r = new_peer(web, folder, "healthd", "The health service", &web->api.health);
    if (r == 0)
        r = announce(web, folder);
    if (r == 0)
        r = sd_event_add_time_relative(unbox_run_event(web->run), &web->status_timer,
                CLOCK_BOOTTIME, 0, 0, on_status_timer, web);
    if (r == 0)
        r = sd_event_source_set_enabled(web->status_timer, SD_EVENT_OFF);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't prepare the questions to the other services");
    for (int i = 0; i < n_sockets; i++) {
        r = serve(web, SD_LISTEN_FDS_START + i);
        if (r < 0)
            return r;
    }
    return 0;
}

static int run(const char *folder)
{
    _cleanup_(web_done) struct web web = {};
    int n_sockets, r;

    n_sockets = sd_listen_fds(1);
    if (n_sockets <= 0) {
        unbox_log(LOG_ERR, "No socket was handed over: start webserver.socket, not the program");
        unbox_run_notify_status("no socket: to be started by webserver.socket");
        return UNBOX_EXIT_USAGE;
    }
    r = set_up(&web, folder, n_sockets);
    if (r < 0)
        return UNBOX_EXIT_FAILURE;
    update_status(&web);
    unbox_run_ready(web.run);
    r = unbox_run_loop(web.run);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "The event loop failed");
        return UNBOX_EXIT_FAILURE;
    }
    return r;
}

static int usage(FILE *stream)
{
    fprintf(stream, "usage: webserver [--runtime-directory DIR]\n\n"
                    "Serves the page of this device on the sockets that systemd hands over\n"
                    "(webserver.socket). DIR has the other services' sockets: /run/unbox.\n");
    return stream == stdout ? UNBOX_EXIT_OK : UNBOX_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
            {"runtime-directory", required_argument, NULL, 'r'},
            {"help", no_argument, NULL, 'h'},
            {"version", no_argument, NULL, 'v'},
            {},
    };
    const char *folder = "/run/unbox";
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        switch (c) {
        case 'r':
            folder = optarg;
            break;
        case 'h':
            return usage(stdout);
        case 'v':
            puts("webserver " PROJECT_VERSION);
            return UNBOX_EXIT_OK;
        default:
            return usage(stderr);
        }
    }
    return optind < argc ? usage(stderr) : run(folder);
}
