/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The kernel asks who has an address only when something is to be sent there. This daemon can open
 * no such socket, and need not: unbox-gateway@INTERFACE@ADDRESS.service sends a datagram, and what
 * comes of it is heard here, from rtnetlink.
 */

#include "gateway.h"

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "neighbour.h"
#include "unbox/daemon.h"
#include "unbox/log.h"

/* The kernel itself gives up after three questions, a second apart; the air loses some. */
#define AGAIN_USEC (2 * USEC_PER_SEC)

/* The unit's own limit, and a little for systemd. */
#define UNIT_USEC (6 * USEC_PER_SEC)

/* A unit that fails may find the address still being set up. */
#define FAILURES_MAX 3

#define UNIT_NAME_MAX 256

struct gateway {
    struct neighbour neighbour;
    char address[INET6_ADDRSTRLEN];
    char unit[UNIT_NAME_MAX];
    gateway_done done;
    void *userdata;
    int fd;
    unsigned failures;
    sd_event *event;
    sd_event_source *heard;
    sd_event_source *again;
    struct unbox_daemon_call *call;
};

static void end(struct gateway *gateway, int error)
{
    (void)sd_event_source_set_enabled(gateway->heard, SD_EVENT_OFF);
    (void)sd_event_source_set_enabled(gateway->again, SD_EVENT_OFF);
    gateway->call = unbox_daemon_call_free(gateway->call);
    gateway->done(error, gateway->userdata);
}

static void on_asked(int error, const struct unbox_daemon_error *why,
        const struct unbox_daemon_status *status, void *userdata)
{
    struct gateway *gateway = userdata;

    if (error < 0 && (error != -EIO || ++gateway->failures == FAILURES_MAX)) {
        unbox_log_errno(LOG_WARNING, error, "the gateway %s can't be asked (%s)", gateway->address,
                why->text);
        end(gateway, error);
        return;
    }
    gateway->call = unbox_daemon_call_free(gateway->call);
    (void)sd_event_source_set_time_relative(gateway->again, AGAIN_USEC);
    (void)sd_event_source_set_enabled(gateway->again, SD_EVENT_ONESHOT);
}

static int ask(struct gateway *gateway)
{
    return unbox_daemon_start_async(
            gateway->event, gateway->unit, UNIT_USEC, on_asked, gateway, &gateway->call);
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct gateway *gateway = userdata;
    int r;

    r = ask(gateway);
    if (r < 0)
        end(gateway, r);
    return 0;
}

static int on_heard(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct gateway *gateway = userdata;
    _Alignas(struct nlmsghdr) char messages[8192];
    ssize_t n;

    n = recv(fd, messages, sizeof(messages), 0);
    if (n < 0 && errno == ENOBUFS) {
        /* So much has changed that some of it was dropped. */
        (void)neighbour_query(fd, &gateway->neighbour);
        return 0;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        end(gateway, -errno);
    else if (n > 0 && neighbour_answered(&gateway->neighbour, messages, n))
        end(gateway, 0);
    return 0;
}

static int make_sources(struct gateway *gateway)
{
    int r;

    gateway->fd = neighbour_listen();
    if (gateway->fd < 0)
        return gateway->fd;
    r = sd_event_add_io(gateway->event, &gateway->heard, gateway->fd, EPOLLIN, on_heard, gateway);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(
            gateway->event, &gateway->again, CLOCK_BOOTTIME, 0, 0, on_again, gateway);
    if (r < 0)
        return r;
    return sd_event_source_set_enabled(gateway->again, SD_EVENT_OFF);
}

int gateway_ask(sd_event *event, const char *interface, const char *address, gateway_done done,
        void *userdata, struct gateway **ret)
{
    _cleanup_(gateway_free_p) struct gateway *gateway = calloc(1, sizeof(*gateway));
    int r;

    if (!gateway)
        return -ENOMEM;
    gateway->fd = -1;
    gateway->event = sd_event_ref(event);
    gateway->done = done;
    gateway->userdata = userdata;
    if (!copy_text(gateway->address, sizeof(gateway->address), address))
        return -EINVAL;
    r = neighbour_parse(interface, address, &gateway->neighbour);
    if (r < 0)
        return r;
    snprintf(gateway->unit, sizeof(gateway->unit), "unbox-gateway@%s@%s.service", interface,
            gateway->address);
    r = make_sources(gateway);
    if (r < 0)
        return r;
    /* It may have shown itself already: an IPv6 router has, by its announcement. */
    r = neighbour_query(gateway->fd, &gateway->neighbour);
    if (r < 0)
        return r;
    r = ask(gateway);
    if (r < 0)
        return r;
    *ret = STEAL(gateway);
    return 0;
}

const char *gateway_address(const struct gateway *gateway)
{
    return gateway->address;
}

struct gateway *gateway_free(struct gateway *gateway)
{
    if (!gateway)
        return NULL;
    unbox_daemon_call_free(gateway->call);
    sd_event_source_disable_unref(gateway->heard);
    sd_event_source_disable_unref(gateway->again);
    sd_event_unref(gateway->event);
    if (gateway->fd >= 0)
        close(gateway->fd);
    free(gateway);
    return NULL;
}
