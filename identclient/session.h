/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a unit runs: one try to get credentials, or the device's clock, from the configuration to an
 * exit code (enum unbox_exit), with a status line on every way.
 */

#include <sys/types.h>

#include "unbox/config.h"

struct session {
    const char *directory; /* the identity folder */
    const char *sysfs;
    const struct unbox_config *config;
    const char *serial;
};

/* The mode of the private key's file, as configured. */
mode_t session_key_mode(const struct unbox_config *config);

/* The first credentials, at the factory bench. */
int session_enrol(const struct session *session);

/* Others, by the token that a technician has put there. */
int session_reassign(const struct session *session);

/* Others, by the present ones, if it is time. */
int session_renew(const struct session *session);

/* Raises the clock to the floor, and the floor to a clock that is synchronised. */
int session_clock(const char *directory);

/* A status line and a journal entry that say what to mend; returns UNBOX_EXIT_CONFIG. */
int session_config_invalid(const char *format, ...) __attribute__((format(printf, 1, 2)));
