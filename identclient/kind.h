/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The three ways to credentials, as far as they differ: the first ones at the bench, others by an
 * operator's token, others by the present ones.
 */

struct kind {
    const char *name;            /* as the attempt on the disk remembers it */
    const char *path;            /* that is asked for credentials */
    unsigned restart_sec;        /* RestartSec= of the unit */
    const char *not_yet;         /* "Not enrolled yet" */
    const char *stopped;         /* "Enrolment stopped" */
    const char *done;            /* "enrolled as" */
    const char *remedy;          /* what comes after what the refusal says */
    const char *retry_message;   /* of messages.h */
    const char *refused_message; /* of messages.h */
    const char *done_message;    /* of messages.h */
};

extern const struct kind kind_first, kind_reassign, kind_renew;
