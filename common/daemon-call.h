/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A call of the `daemon` part: a connection to the system bus, a list of steps that are taken one
 * after the other, a time limit, and one end, which is always told from the event loop.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "unbox/daemon.h"
#include "util.h"

#define SYSTEMD1 "org.freedesktop.systemd1"
#define SYSTEMD1_PATH "/org/freedesktop/systemd1"
#define SYSTEMD1_MANAGER "org.freedesktop.systemd1.Manager"

/* 1: taken, go on; 0: it waits for an answer; or a negative errno, and the call fails. */
typedef int (*daemon_step_fn)(struct unbox_daemon_call *call);

/* The answer to what a step has asked, with the same meaning. One of both is NULL. */
typedef int (*daemon_reply_fn)(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error);

struct unbox_daemon_call {
    sd_event *event;
    sd_event_source *end; /* at the time limit, or at once when it is over */
    sd_bus *bus;
    const daemon_step_fn *next; /* ends with NULL */
    const daemon_step_fn *undo; /* what is done instead of the rest when a step fails */
    daemon_reply_fn reply;
    bool over;
    int error;
    struct unbox_daemon_error why;

    char *unit;
    char *job;     /* waited for */
    char *removed; /* a job of whatever unit that ended before we knew of ours, and how */
    char *result;

    char *path;     /* of the unit file */
    char *old_text; /* what stood in it; NULL: there was none */
    char *text;
    size_t size;
    sd_bus_message *prepared; /* with settings in it, ready to be sent */

    struct unbox_daemon_status *status; /* when it was asked for, and is known */

    unbox_daemon_done_fn done;
    void *userdata;
    bool floating; /* frees itself */
};

DEFINE_CLEANUP(struct unbox_daemon_call *, unbox_daemon_call_free);

/* Connects; what goes wrong with that is told by `done`. `unit` is copied. */
int daemon_call_new(sd_event *event, const char *unit, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret);

/* Takes the first steps, after a preparation that ended with `r`, as a step does. `steps` is
 * borrowed, for ever. */
void daemon_call_begin(struct unbox_daemon_call *call, const daemon_step_fn *steps, int r);

/* Says why it fails, unless that was said already, and returns `error`. */
int daemon_call_refuse(struct unbox_daemon_call *call, int error, const char *code,
        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same in systemd's words. */
int daemon_call_refuse_bus(struct unbox_daemon_call *call, const sd_bus_error *error);

/* A call of the manager. */
int daemon_call_message(struct unbox_daemon_call *call, const char *member, sd_bus_message **ret);

/* Sends a step's question. 0, or a negative errno. */
int daemon_call_ask(struct unbox_daemon_call *call, sd_bus_message *m, daemon_reply_fn reply);

/* A reply of which nothing is needed but that it is no error; and one that may even be that. */
int daemon_reply_fine(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error);
int daemon_reply_any(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error);

/* A step: the ends of jobs are heard of, from now on. Before the first job is asked for. */
int daemon_step_hear(struct unbox_daemon_call *call);

/* A reply with a job's path, which is then waited for. */
int daemon_reply_job(
        struct unbox_daemon_call *call, sd_bus_message *reply, const sd_bus_error *error);

/* Copies as much as there is room for, in whole characters. */
void daemon_copy_text(char *to, size_t size, const char *text);
