/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The page of the device: files, a login, and an API that asks the other daemons. systemd listens
 * and hands the sockets over; this process opens none, writes nothing but who may log in, and needs
 * no privilege.
 */

#include <getopt.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "unbox/log.h"
#include "web.h"

static void free_names(char ***names)
{
    for (char **name = *names; name && *name; name++)
        free(*name);
    free(*names);
}

static int run(const char *folder, const char *state)
{
    _cleanup_(web_done) struct web web = {};
    _cleanup_(free_names) char **names = NULL;
    int n_sockets, r;

    n_sockets = sd_listen_fds_with_names(1, &names);
    if (n_sockets <= 0) {
        unbox_log(LOG_ERR, "No socket was handed over: start webserver.socket, not the program");
        unbox_run_notify_status("no socket: to be started by webserver.socket");
        return UNBOX_EXIT_USAGE;
    }
    r = web_set_up(&web, folder, state);
    if (r == 0)
        r = web_serve(&web, SD_LISTEN_FDS_START, names, n_sockets);
    if (r < 0)
        return UNBOX_EXIT_FAILURE;
    own_name_refresh(&web.api.name, web.api.network, auth_now(&web.api.auth));
    web_tell_status(&web);
    unbox_run_ready(web.run);
    r = unbox_run_loop(web.run);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "The event loop failed");
        return UNBOX_EXIT_FAILURE;
    }
    return r;
}

static int usage(FILE *stream)
{
    fprintf(stream, "usage: webserver [--runtime-directory DIR] [--state-directory DIR]\n\n"
                    "Serves the page of this device on the sockets that systemd hands over\n"
                    "(webserver.socket). The runtime directory has the other services' sockets:\n"
                    "/run/unbox; the state directory has who may log in: /var/lib/unbox/web.\n");
    return stream == stdout ? UNBOX_EXIT_OK : UNBOX_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
            {"runtime-directory", required_argument, NULL, 'r'},
            {"state-directory", required_argument, NULL, 's'},
            {"help", no_argument, NULL, 'h'},
            {"version", no_argument, NULL, 'v'},
            {},
    };
    const char *folder = "/run/unbox", *state = "/var/lib/unbox/web";
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        switch (c) {
        case 'r':
            folder = optarg;
            break;
        case 's':
            state = optarg;
            break;
        case 'h':
            return usage(stdout);
        case 'v':
            puts("webserver " PROJECT_VERSION);
            return UNBOX_EXIT_OK;
        default:
            return usage(stderr);
        }
    }
    return optind < argc ? usage(stderr) : run(folder, state);
}
