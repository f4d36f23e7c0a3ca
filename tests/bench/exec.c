/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stands before a daemon in its ExecStart=: notes the moment on stderr, which is the journal, and
 * becomes the daemon. systemd itself only knows when it forked; between lies the sandbox.
 */

#include <stdio.h>
#include <unistd.h>

#include "samples.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    fprintf(stderr, "exec at %llu\n", (unsigned long long)(now_nsec() / 1000));
    execv(argv[1], argv + 1);
    return 127;
}
