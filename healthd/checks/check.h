/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One interface for all functional checks. Each type of check is a file of its own, check-TYPE.c,
 * with a struct check_type that is listed in check-types.c; what a check finds it says with
 * check_done(), at once or later from the event loop. When it runs is not its concern.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "check-plan.h"
#include "unbox/config.h"
#include "util.h"

struct check;
struct checks;

struct check_type {
    const char *name;
    /* Takes from the configuration what it needs, sets `target`, and `data` as it likes. 0 or a
     * negative errno; close() follows either way. */
    int (*open)(struct check *check, const struct unbox_config_row *row);
    /* Begins. 0, and check_done() was or will be called once; or a negative errno. */
    int (*start)(struct check *check);
    /* Ends what was begun and isn't done, without check_done(). NULL: start() finishes at once. */
    void (*cancel)(struct check *check);
    void (*close)(struct check *check); /* frees `data`; NULL: it is nothing, or free() is enough */
};

struct check {
    const struct check_type *type;
    sd_event *event; /* borrowed */
    char *target;    /* what is checked, for people: "wlan0", "http://127.0.0.1:5000/" */
    void *data;      /* the type's own */

    /* The scheduler's. */
    struct checks *checks;
    char *service; /* as it is shown */
    char *unit;    /* its full name; NULL: it is a check of the device itself */
    struct check_plan plan;
    char *message;
    char *trouble;  /* while it fails: the message with what it is about before it */
    uint64_t since; /* wall clock */
    uint64_t duration_usec;
    bool heals;
    bool sick;      /* it heals, and failed when it last ran */
    bool told;      /* that it fails, and not yet that it doesn't any more */
    bool inherited; /* another configuration's has what was found */
};

/* What was found, in words that a technician understands; they are shown behind the target, made
 * UTF-8 and cut to a sentence. */
_printf_(3, 4) void check_done(
        struct check *check, enum check_state state, const char *format, ...);

/* The same for an error: EACCES and the like are healthd's own limits and tell nothing. */
void check_done_errno(struct check *check, int error);

/* The system bus, borrowed; NULL: there is none now, which has to be found failing. */
sd_bus *check_bus(struct check *check);

/* There always is one: it may say that it isn't installed. */
const struct check_type *check_type_find(const char *name);

extern const struct check_type check_address;
extern const struct check_type check_bluetooth;
extern const struct check_type check_command;
extern const struct check_type check_dbus;
extern const struct check_type check_dhcp_range;
extern const struct check_type check_disk;
extern const struct check_type check_memory;
extern const struct check_type check_tcp;
extern const struct check_type check_temperature;
extern const struct check_type check_unix;
