/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the scheduler, the configuration of the checks and their report share. */

#include "check.h"
#include "checks.h"

struct checks {
    sd_event *event;
    sd_event_source *timer;
    struct memory *memory;
    const struct checks_ops *ops;
    void *userdata;
    struct check **checks;
    size_t count;
    bool started;
};

/* Tells what the checks of a unit come to now; `unit` is NULL for the device, as below. */
void checks_report(struct checks *checks, const char *unit, bool heal);

bool check_is_of(const struct check *check, const char *unit);

/* Makes the checks that the configuration has, with what is known of those that stay the same. On
 * failure nothing is different. 0 or a negative errno. */
int checks_fill(struct checks *checks, const struct unbox_config *config);

void checks_clear(struct checks *checks);
