/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an answer of the bench means for the device, and how a line worker is told. */

#include "http-client.h"

enum verdict_action {
    VERDICT_ACCEPTED,
    VERDICT_RETRY,       /* the next attempt may fare better */
    VERDICT_NEW_NONCE,   /* ask for another challenge, once */
    VERDICT_NEW_ATTEMPT, /* the bench has let this one go */
    VERDICT_STOP,        /* refused for good: somebody has to do something */
};

struct verdict {
    enum verdict_action action;
    unsigned retry_after_sec;
    char code[64];  /* of the bench's problem, or "" */
    char text[400]; /* one printable line; empty when accepted */
};

/* `where` is the bench as people know it, "7.7.7.7:5001"; `serial` and `interface` the device's;
 * `interface` is NULL when the bench isn't reached over a certain one. */
void verdict_of(const struct http_answer *answer, const char *where, const char *interface,
        const char *serial, struct verdict *ret);
