/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last line of every try. */

#include "ending.h"

#include <stdarg.h>
#include <stdio.h>

#include "line.h"
#include "unbox/log.h"
#include "unbox/run.h"

int ending(int code, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    line_make(text);
    unbox_run_notify_status("%s", text);
    unbox_log(code == UNBOX_EXIT_OK ? LOG_INFO : LOG_ERR, "%s", text);
    return code;
}
