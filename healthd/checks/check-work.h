/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The part of a check that may hang in the kernel, done by a process of its own: a file may lie on
 * a server that is away, and everybody else would wait with it.
 */

#include "check.h"
#include "child.h"

/* All zero before the first run. */
struct check_work {
    child_work work;
    /* `status` is 0 with what it wrote, or the errno that it has failed with. */
    void (*found)(struct check *check, int status, const char *output);
    struct child *child;
    bool abandoned; /* it was killed, and nobody waits for its result */
};

/* `data` of the check points to it, or to what begins with it. Its argument is the target. */
int check_work_start(struct check *check);
void check_work_cancel(struct check *check);

/* Ends it and frees `data`. */
void check_work_close(struct check *check);
