/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Before each wait of sd-event GLib is asked which descriptors it waits for and for how long; an
 * event source each wakes us for them, a timer for the rest. Waking up runs one non-blocking
 * iteration of GLib, which looks at its descriptors again by itself: nothing that was seen in
 * between has to be carried over, and being woken once too often does no harm.
 */

#include "glib-loop.h"

#include <glib.h>
#include <string.h>
#include <sys/epoll.h>

/* One is usual, and lasts as long as the context: GDBus reads the bus in a thread of its own and
 * wakes ours by it. */
#define DESCRIPTORS_MAX 16

struct glib_loop {
    GMainContext *context;
    sd_event *event;
    sd_event_source *timer;
    GPollFD watched[DESCRIPTORS_MAX];
    sd_event_source *sources[DESCRIPTORS_MAX];
    int n_watched;
};

static int on_descriptor(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct glib_loop *loop = userdata;

    (void)g_main_context_iteration(loop->context, FALSE);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    return on_descriptor(source, -1, 0, userdata);
}

static void unwatch(struct glib_loop *loop)
{
    for (int i = 0; i < loop->n_watched; i++)
        loop->sources[i] = sd_event_source_disable_unref(loop->sources[i]);
    loop->n_watched = 0;
}

static bool same_descriptors(const struct glib_loop *loop, const GPollFD *fds, int n)
{
    if (n != loop->n_watched)
        return false;
    for (int i = 0; i < n; i++)
        if (fds[i].fd != loop->watched[i].fd || fds[i].events != loop->watched[i].events)
            return false;
    return true;
}

static int watch(struct glib_loop *loop, const GPollFD *fds, int n)
{
    int r;

    if (same_descriptors(loop, fds, n))
        return 0;
    unwatch(loop);
    for (int i = 0; i < n; i++) {
        uint32_t events = (fds[i].events & G_IO_IN ? EPOLLIN : 0) |
                          (fds[i].events & G_IO_OUT ? EPOLLOUT : 0) |
                          (fds[i].events & G_IO_PRI ? EPOLLPRI : 0);

        r = sd_event_add_io(loop->event, &loop->sources[i], fds[i].fd, events, on_descriptor, loop);
        if (r < 0)
            return r;
        loop->watched[i] = fds[i];
        loop->n_watched = i + 1;
    }
    return 0;
}

static int prepare(sd_event_source *source, void *userdata)
{
    struct glib_loop *loop = userdata;
    GPollFD fds[DESCRIPTORS_MAX];
    int priority, timeout_ms, n, r;

    (void)g_main_context_prepare(loop->context, &priority);
    n = g_main_context_query(loop->context, G_MAXINT, &timeout_ms, fds, DESCRIPTORS_MAX);
    if (n > DESCRIPTORS_MAX)
        return -E2BIG;
    r = watch(loop, fds, n);
    if (r < 0)
        return r;
    if (timeout_ms < 0)
        return sd_event_source_set_time(loop->timer, UINT64_MAX);
    return sd_event_source_set_time_relative(loop->timer, timeout_ms * USEC_PER_MSEC);
}

int glib_loop_new(sd_event *event, struct glib_loop **ret)
{
    _cleanup_(glib_loop_free_p) struct glib_loop *loop = calloc(1, sizeof(*loop));
    int r;

    if (!loop)
        return -ENOMEM;
    if (!g_main_context_acquire(g_main_context_default()))
        return -EBUSY;
    loop->context = g_main_context_ref(g_main_context_default());
    loop->event = sd_event_ref(event);
    r = sd_event_add_time_relative(event, &loop->timer, CLOCK_MONOTONIC, 0, 1, on_timer, loop);
    if (r < 0)
        return r;
    /* Always on, even when it is set to never: the hook before each wait is its own. */
    r = sd_event_source_set_enabled(loop->timer, SD_EVENT_ON);
    if (r < 0)
        return r;
    r = sd_event_source_set_prepare(loop->timer, prepare);
    if (r < 0)
        return r;
    *ret = STEAL(loop);
    return 0;
}

struct glib_loop *glib_loop_free(struct glib_loop *loop)
{
    if (!loop)
        return NULL;
    unwatch(loop);
    sd_event_source_disable_unref(loop->timer);
    if (loop->context) {
        g_main_context_release(loop->context);
        g_main_context_unref(loop->context);
    }
    sd_event_unref(loop->event);
    free(loop);
    return NULL;
}
