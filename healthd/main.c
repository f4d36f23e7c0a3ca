/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * healthd: watches the device's services through systemd, restarts what fails, and tells whoever
 * asks on /run/unbox/healthd.sock.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "healthd.h"
#include "unbox/log.h"

static int run(void)
{
    _cleanup_(healthd_done) struct healthd healthd = {};
    struct unbox_config *config;
    sigset_t signals;
    int r;

    /* The loop takes the end of children, which some checks have, from a descriptor. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    if (settings_read(&healthd.settings, &config) < 0) {
        unbox_run_notify_status("configuration: %s", healthd.settings.error ?: "no memory");
        return UNBOX_EXIT_CONFIG;
    }
    settings_take(&healthd.settings, config);
    r = healthd_start(&healthd);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "can't start");
        return UNBOX_EXIT_FAILURE;
    }
    r = unbox_run_loop(healthd.run);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "the event loop failed");
        return UNBOX_EXIT_FAILURE;
    }
    return r;
}

static int usage(FILE *stream)
{
    fputs("usage: healthd [--help] [--version]\n\n"
          "Watches the device's services and restarts what fails; started by healthd.service.\n",
            stream);
    return stream == stdout ? UNBOX_EXIT_OK : UNBOX_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
            {"help", no_argument, NULL, 'h'},
            {"version", no_argument, NULL, 'v'},
            {},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        switch (c) {
        case 'h':
            return usage(stdout);
        case 'v':
            puts("healthd " PROJECT_VERSION);
            return UNBOX_EXIT_OK;
        default:
            return usage(stderr);
        }
    }
    return optind < argc ? usage(stderr) : run();
}
