/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a load has to know of an answer: its status, where it ends, and whether the connection goes
 * with it. The answers are those of servers that say how long they are; nothing else is understood.
 */

#include <stdbool.h>
#include <stddef.h>

#define REPLY_HEADER_MAX 4096

struct reply {
    char header[REPLY_HEADER_MAX];
    size_t size; /* of the header so far, with its empty line in the end */
    size_t left; /* bytes of the body that have not come */
    unsigned status;
    bool closes; /* the server hangs up behind it */
    bool in_body;
};

/* For the next one. */
void reply_clear(struct reply *reply);

/*
 * Takes `size` bytes that have come. 1: it is whole; 0: there is more to come; -EBADMSG: it isn't
 * one that is understood, or more has come than it has.
 */
int reply_take(struct reply *reply, const char *data, size_t size);
