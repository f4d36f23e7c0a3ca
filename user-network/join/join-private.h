/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What going forward and going back share of a join. Nobody else includes it. */

#include "gateway.h"
#include "join-step.h"
#include "join.h"

struct join {
    struct join_options options;
    enum join_step step;
    struct wifi_network network;
    bool installed;
    bool begun;      /* NetworkManager has taken up the trial */
    bool helped;     /* we have activated the saved profile ourselves */
    unsigned reason; /* of the last failed activation; 0: none */
    unsigned early;  /* of one that failed before that: the trial, or what was before it */
    uint64_t started_usec;
    sd_event_source *limit;
    sd_event_source *help;
    struct gateway *gateway; /* being asked, or NULL */
    enum verdict_code code;  /* while going back */
    char *detail;
};

/* Begins a step, with its time limit. */
void join_enter(struct join *join, enum join_step step);

/* Gives up: begins to go back to the set-up before. `detail` may be NULL. */
void join_undo(struct join *join, enum verdict_code code, const char *detail);

/* It has ended, one way or the other. */
void join_finish(struct join *join, enum verdict_code code);
