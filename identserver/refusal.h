/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A "no" of the bench, on its way from where it is known to the problem that the device gets. */

#include "util.h"

struct refusal {
    unsigned status;  /* of HTTP */
    const char *code; /* static: one of enrolment-protocol.h */
    char detail[256]; /* for the line worker */
};

/* Fills *ret and returns 1, so that `return refuse(…)` reads well. */
int refuse(struct refusal *ret, unsigned status, const char *code, const char *format, ...)
        _printf_(4, 5);
