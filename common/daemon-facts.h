/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd says of a unit when it is asked for all its properties. */

#include <limits.h>
#include <systemd/sd-bus.h>

#include "daemon-call.h"

struct daemon_facts {
    struct unbox_daemon_status status;
    char fragment[PATH_MAX]; /* the unit file; "" */
    int transient;
    uint64_t active_enter, active_exit, inactive_enter, inactive_exit;
};

/* Asks for them: systemd loads the unit for that, if there is one, and answers in any case. */
int daemon_facts_ask(struct unbox_daemon_call *call, daemon_reply_fn reply);

/* Reads the answer, with daemon_reply_fn's meaning. */
int daemon_facts_read(struct unbox_daemon_call *call, sd_bus_message *reply,
        const sd_bus_error *error, struct daemon_facts *ret);

bool daemon_facts_is_unit(const struct daemon_facts *facts);
