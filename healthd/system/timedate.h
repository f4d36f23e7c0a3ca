/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Whether the clock can be believed: healthd's sandbox keeps it from asking the kernel, so it asks
 * timedated. */

#include <stdint.h>
#include <systemd/sd-bus.h>

enum timedate_synchronised {
    TIMEDATE_UNKNOWN,
    TIMEDATE_NO,
    TIMEDATE_YES,
};

typedef void (*timedate_fn)(enum timedate_synchronised synchronised, void *userdata);

/* The question that is under way, or NULL: who else wants to know waits for the same answer. The
 * bus lets healthd wait for so many at a time, and systemd's come first. */
struct timedate_question;

/* Calls `answer` exactly once: later, or, when there is nobody to ask, at once. `bus` may be NULL.
 * *question is NULL at first, and has to be there for as long as the bus. */
void timedate_ask(
        struct timedate_question **question, sd_bus *bus, timedate_fn answer, void *userdata);
