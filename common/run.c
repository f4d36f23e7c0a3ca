/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The main loop that every daemon shares: signals from systemd, the watchdog, and what is told to
 * the service manager. A second SIGTERM, or five seconds, end a shutdown that hangs.
 */

#include "unbox/run.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "util.h"

#define STOP_TIMEOUT_USEC (5 * USEC_PER_SEC)

struct unbox_run {
    sd_event *event;
    sd_event_source *stop_timer;
    struct unbox_run_ops ops;
    void *userdata;
    char *status;
    bool ready;
    bool stopping;
};

DEFINE_CLEANUP(struct unbox_run *, unbox_run_free);

static int on_stop_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct unbox_run *run = userdata;

    unbox_run_exit(run, UNBOX_EXIT_OK);
    return 0;
}

static int on_terminate(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
    struct unbox_run *run = userdata;
    int r;

    if (run->stopping) {
        unbox_run_exit(run, UNBOX_EXIT_OK);
        return 0;
    }
    run->stopping = true;
    (void)sd_notify(0, "STOPPING=1");
    if (!run->ops.stop || run->ops.stop(run->userdata) == 0) {
        unbox_run_exit(run, UNBOX_EXIT_OK);
        return 0;
    }
    r = sd_event_add_time_relative(run->event, &run->stop_timer, CLOCK_BOOTTIME, STOP_TIMEOUT_USEC,
            0, on_stop_timeout, run);
    if (r < 0)
        unbox_run_exit(run, UNBOX_EXIT_OK);
    return 0;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
    struct unbox_run *run = userdata;

    if (!run->ops.reload || run->stopping)
        return 0;
    (void)sd_notify(0, "RELOADING=1");
    run->ops.reload(run->userdata);
    (void)sd_notify(0, "READY=1");
    return 0;
}

static int watch_signals(struct unbox_run *run)
{
    static const int stop_signals[] = {SIGTERM, SIGINT};
    sigset_t set;
    int r;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -errno;

    for (size_t i = 0; i < ELEMENTSOF(stop_signals); i++) {
        r = sd_event_add_signal(run->event, NULL, stop_signals[i], on_terminate, run);
        if (r < 0)
            return r;
    }
    return sd_event_add_signal(run->event, NULL, SIGHUP, on_reload, run);
}

int unbox_run_new(const struct unbox_run_ops *ops, void *userdata, struct unbox_run **ret)
{
    _cleanup_(unbox_run_free_p) struct unbox_run *run = calloc(1, sizeof(*run));
    int r;

    if (!run)
        return -ENOMEM;
    if (ops)
        run->ops = *ops;
    run->userdata = userdata;

    r = sd_event_default(&run->event);
    if (r < 0)
        return r;
    r = watch_signals(run);
    if (r < 0)
        return r;
    r = sd_event_set_watchdog(run->event, true);
    if (r < 0)
        return r;

    *ret = STEAL(run);
    return 0;
}

struct unbox_run *unbox_run_free(struct unbox_run *run)
{
    if (!run)
        return NULL;
    sd_event_source_disable_unref(run->stop_timer);
    sd_event_unref(run->event);
    free(run->status);
    free(run);
    return NULL;
}

sd_event *unbox_run_event(struct unbox_run *run)
{
    return run->event;
}

void unbox_run_ready(struct unbox_run *run)
{
    if (run->ready)
        return;
    run->ready = true;
    (void)sd_notify(0, "READY=1");
}

/*
 * One line, whatever an SSID or a peer's message has in it: the manager takes a newline for the
 * next field. NULL when there is no memory for it, and the line before stays.
 */
__attribute__((format(printf, 1, 0))) static char *format_status(const char *format, va_list args)
{
    char *status;

    if (vasprintf(&status, format, args) < 0)
        return NULL;
    for (char *c = status; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return status;
}

void unbox_run_status(struct unbox_run *run, const char *format, ...)
{
    _cleanup_free_ char *status = NULL;
    va_list args;

    va_start(args, format);
    status = format_status(format, args);
    va_end(args);
    if (!status)
        return;
    if (run->status && strcmp(run->status, status) == 0)
        return;
    (void)sd_notifyf(0, "STATUS=%s", status);
    free(run->status);
    run->status = STEAL(status);
}

void unbox_run_exit(struct unbox_run *run, int code)
{
    (void)sd_event_exit(run->event, code);
}

int unbox_run_loop(struct unbox_run *run)
{
    return sd_event_loop(run->event);
}

void unbox_run_notify_status(const char *format, ...)
{
    _cleanup_free_ char *status = NULL;
    va_list args;

    va_start(args, format);
    status = format_status(format, args);
    va_end(args);
    if (!status)
        return;
    (void)sd_notifyf(0, "STATUS=%s", status);
}
