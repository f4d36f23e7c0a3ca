/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * libmicrohttpd can't be given another certificate. So another server takes the socket over, which
 * systemd and this process hold all the time: nobody is refused meanwhile. The one before it
 * finishes what it has begun.
 */

#include "listener.h"

#include <fcntl.h>

#define RETIRED_USEC (20 * USEC_PER_SEC)

struct retired {
    struct retired *next;
    struct http_server *server;
};

struct tls_listener {
    sd_event *event; /* borrowed */
    sd_event_source *timer;
    int fd;
    struct http_server_options options;
    struct http_server *server;
    struct retired *retired;
    bool serving;
};

static void end_retired(struct tls_listener *listener)
{
    while (listener->retired) {
        struct retired *retired = listener->retired;

        listener->retired = retired->next;
        http_server_free(retired->server);
        free(retired);
    }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    end_retired(userdata);
    return 0;
}

/* Takes the server over on success. One that is retired while the timer runs has less time. */
static int retire(struct tls_listener *listener, struct http_server *server)
{
    struct retired *retired = calloc(1, sizeof(*retired));
    int enabled, r;

    if (!retired)
        return -ENOMEM;
    r = sd_event_source_get_enabled(listener->timer, &enabled);
    if (r >= 0 && enabled == SD_EVENT_OFF)
        r = sd_event_source_set_time_relative(listener->timer, RETIRED_USEC);
    if (r >= 0)
        r = sd_event_source_set_enabled(listener->timer, SD_EVENT_ONESHOT);
    if (r < 0) {
        free(retired);
        return r;
    }
    http_server_retire(server);
    *retired = (struct retired){.next = listener->retired, .server = server};
    listener->retired = retired;
    return 0;
}

int tls_listener_serve(struct tls_listener *listener, const struct certificate *certificate)
{
    _cleanup_(http_server_free_p) struct http_server *server = NULL;
    struct http_server_options options = listener->options;
    _cleanup_close_ int fd = -1;
    int r;

    options.refuse = !certificate;
    if (certificate) {
        options.tls_key_pem = certificate_key_pem(certificate);
        options.tls_cert_pem = certificate_chain_pem(certificate);
    }
    fd = fcntl(listener->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return -errno;
    r = http_server_new(listener->event, fd, &options, &server);
    if (r < 0)
        return r;
    (void)STEAL_FD(fd);
    if (listener->server) {
        r = retire(listener, listener->server);
        if (r < 0)
            return r;
    }
    listener->server = STEAL(server);
    listener->serving = certificate;
    return 0;
}

bool tls_listener_serving(const struct tls_listener *listener)
{
    return listener->serving;
}

unsigned tls_listener_connections(const struct tls_listener *listener)
{
    unsigned n = listener->server ? http_server_connections(listener->server) : 0;

    for (const struct retired *retired = listener->retired; retired; retired = retired->next)
        n += http_server_connections(retired->server);
    return n;
}

int tls_listener_new(sd_event *event, int fd, const struct http_server_options *options,
        struct tls_listener **ret)
{
    struct tls_listener *listener = calloc(1, sizeof(*listener));
    int r;

    if (!listener)
        return -ENOMEM;
    *listener = (struct tls_listener){.event = event, .fd = -1, .options = *options};
    r = sd_event_add_time_relative(
            event, &listener->timer, CLOCK_BOOTTIME, 0, USEC_PER_SEC, on_timer, listener);
    if (r >= 0)
        r = sd_event_source_set_enabled(listener->timer, SD_EVENT_OFF);
    if (r < 0) {
        tls_listener_free(listener);
        return r;
    }
    listener->fd = fd;
    *ret = listener;
    return 0;
}

struct tls_listener *tls_listener_free(struct tls_listener *listener)
{
    if (!listener)
        return NULL;
    end_retired(listener);
    http_server_free(listener->server);
    sd_event_source_disable_unref(listener->timer);
    if (listener->fd >= 0)
        close(listener->fd);
    free(listener);
    return NULL;
}
