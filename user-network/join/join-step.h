/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The steps of a join, in their order: what they are called, and how long each may take. */

#include <stdbool.h>
#include <stdint.h>

enum join_step {
    JOIN_IDLE,
    JOIN_CHECKING,
    JOIN_CHECKPOINT,
    JOIN_ASSOCIATING,
    JOIN_ADDRESS,
    JOIN_GATEWAY, /* until it answers; not with a fixed address that has none */
    JOIN_INSTALLING,
    JOIN_RADIO_OFF,
    JOIN_RADIO_ON,
    JOIN_PROVING,
    JOIN_COMMITTED,
    JOIN_UNDOING,
};

struct join_step_facts {
    const char *name; /* for programs */
    const char *text; /* for people */
    uint64_t limit_usec;
    bool told; /* in the journal: what has to be undone if it fails, and what proves it */
};

/* Borrowed, for good. */
const struct join_step_facts *join_step_facts(enum join_step step);
