/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* identserver's command line. */

#include <stdint.h>

#include "init.h"

struct arguments {
    struct init_options bench;
    uint16_t port;
    const char *socket;
    /* What to do instead of serving; file is what it does it with. */
    enum action {
        ACTION_SERVE,
        ACTION_INIT,
        ACTION_BACKUP,
        ACTION_RESTORE,
        ACTION_ALLOW,
        ACTION_CHECK,
    } action;
    const char *file;
};

/* Fills *arguments, whose strings are of argv. Returns -1 to go on, or an exit code. */
int arguments_parse(int argc, char **argv, struct arguments *arguments);
