/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Puts a refusal into words. */

#include "refusal.h"

#include <stdarg.h>
#include <stdio.h>

int refuse(struct refusal *ret, unsigned status, const char *code, const char *format, ...)
{
    va_list args;

    ret->status = status;
    ret->code = code;
    va_start(args, format);
    (void)vsnprintf(ret->detail, sizeof(ret->detail), format, args);
    va_end(args);
    return 1;
}
