/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A daemon's main loop: one sd_event, the signals that systemd sends, the watchdog, and the lines
 * that `systemctl status` shows. Type=notify and WatchdogSec= in the unit are all that it needs.
 */

#include <stdint.h>
#include <systemd/sd-event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Exit codes of every program of the suite; the units use them in RestartPreventExitStatus=. */
enum unbox_exit {
    UNBOX_EXIT_OK = 0,
    UNBOX_EXIT_FAILURE = 1, /* worth trying again */
    UNBOX_EXIT_USAGE = 2,
    UNBOX_EXIT_REFUSED = 77, /* EX_NOPERM: refused for good, trying again is no use */
    UNBOX_EXIT_CONFIG = 78,  /* EX_CONFIG: the configuration has to be mended first */
};

struct unbox_run;

struct unbox_run_ops {
    /* SIGHUP, between RELOADING=1 and READY=1. Optional. */
    void (*reload)(void *userdata);
    /*
     * SIGTERM or SIGINT, after STOPPING=1. Return 0 when nothing is left to wait for, 1 when
     * unbox_run_exit() will be called later; after 5 s the loop ends in any case. Optional.
     */
    int (*stop)(void *userdata);
};

/*
 * Makes the loop: blocks SIGTERM, SIGINT and SIGHUP and takes them from a descriptor, ignores
 * SIGPIPE, and feeds the watchdog if systemd asked for it. `ops` may be NULL and is copied. Returns
 * 0, or a negative errno. The caller frees *ret with unbox_run_free().
 */
int unbox_run_new(const struct unbox_run_ops *ops, void *userdata, struct unbox_run **ret);

/* Accepts NULL; returns NULL. */
struct unbox_run *unbox_run_free(struct unbox_run *run);

/* The loop's event object, borrowed: valid until unbox_run_free(). */
sd_event *unbox_run_event(struct unbox_run *run);

/* READY=1. Call once, when the daemon can do its work; a second call does nothing. */
void unbox_run_ready(struct unbox_run *run);

/*
 * STATUS=: one line that a technician understands. An unchanged line isn't sent again. May be
 * called before ready.
 */
void unbox_run_status(struct unbox_run *run, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Ends the loop with this exit code (enum unbox_exit); what is still queued is not waited for. */
void unbox_run_exit(struct unbox_run *run, int code);

/* Runs until unbox_run_exit() or a signal. Returns the exit code, or a negative errno. */
int unbox_run_loop(struct unbox_run *run);

/* STATUS= for a program without a loop: a oneshot, or one that fails before it has one. */
void unbox_run_notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif
