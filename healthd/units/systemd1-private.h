/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the connection to systemd and the calls on it share. */

#include "systemd1.h"

#define SYSTEMD1 "org.freedesktop.systemd1"
#define SYSTEMD1_PATH "/org/freedesktop/systemd1"
#define SYSTEMD1_MANAGER "org.freedesktop.systemd1.Manager"

struct call;

struct systemd1 {
    sd_event *event;
    sd_bus *bus;
    sd_event_source *retry;
    uint64_t retry_usec;
    const struct systemd1_ops *ops;
    void *userdata;
    struct call *waiting; /* to be sent, the first one first */
    unsigned on_their_way;
    bool connected; /* on_disconnected() will be called, once all calls have been answered */
    bool known;     /* stale() was called, and lost() wasn't since */
};

/* The bus is gone: what wasn't sent yet is answered. */
void systemd1_fail_waiting(struct systemd1 *systemd);

/* The end: nobody is answered any more. */
void systemd1_drop_waiting(struct systemd1 *systemd);
