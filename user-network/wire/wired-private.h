/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What wired.c, which changes the wire, and wired-tell.c, which tells of it, share. Nobody else
 * includes it. */

#include "wired-apply.h"
#include "wired-files.h"
#include "wired.h"

enum step {
    STEP_IDLE,
    STEP_CHECKING,
    STEP_CHECKPOINT,
    STEP_TRYING,
    STEP_UNCONFIRMED,
    STEP_UNDOING, /* until NetworkManager has gone back, however long it is away */
    STEP_WAITING, /* until NetworkManager and netplan are there for us */
    STEP_APPLYING,
};

enum outcome {
    OUTCOME_NONE,
    OUTCOME_CONFIRMED,
    OUTCOME_DHCP,
    OUTCOME_UNCONFIRMED,
    OUTCOME_DOWN,
    OUTCOME_INTERRUPTED,
    OUTCOME_REFUSED,
};

struct wired {
    struct wired_options options;
    struct netplan *netplan;
    struct wired_files *files;
    struct wired_apply *apply;
    enum step step;
    char *text; /* of the change that goes on, "" for DHCP */
    struct wired_settings wanted;
    struct netplan_profiles *profiles; /* what netplan made of it */
    bool seen;                         /* the profile that is tried has been active */
    bool asked;                        /* NetworkManager is going back */
    bool went_back;                    /* it had a checkpoint to go back to */
    bool leaving;                      /* what was tried has ended, and may still seem to be up */
    bool recover;                      /* what an earlier run left hasn't been looked at yet */
    uint64_t deadline_usec;
    sd_event_source *limit;
    enum outcome outcome; /* of the change that goes on, once it is known */
    enum outcome last;
};

const char *wired_print_wanted(const struct wired *wired, char ret[static INET_ADDRSTRLEN]);

/* Tells the journal how a change has ended. */
void wired_log_outcome(const struct wired *wired, enum outcome outcome);
