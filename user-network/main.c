/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * user-network: hotspot, scan, join, fall back. It talks to NetworkManager and netplan, and the
 * rest of the suite talks to it.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "glib-loop.h"
#include "network.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/service.h"

DEFINE_CLEANUP(struct unbox_run *, unbox_run_free);
DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);
DEFINE_CLEANUP(struct unbox_ipc_server *, unbox_ipc_server_free);
DEFINE_CLEANUP(struct unbox_service *, unbox_service_free);

static int usage(FILE *out, int code)
{
    fputs("usage: user-network [--root DIR]\n"
          "  --root DIR   keep and find all files under DIR (for tests)\n"
          "  --version    print the version\n",
            out);
    return code;
}

/* Returns -1 to go on, otherwise the exit code. */
static int parse_arguments(int argc, char **argv, const char **ret_root)
{
    static const struct option options[] = {
            {"root", required_argument, NULL, 'r'},
            {"version", no_argument, NULL, 'v'},
            {"help", no_argument, NULL, 'h'},
            {},
    };
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        switch (option) {
        case 'r':
            *ret_root = optarg;
            break;
        case 'v':
            puts(PROJECT_VERSION);
            return UNBOX_EXIT_OK;
        case 'h':
            return usage(stdout, UNBOX_EXIT_OK);
        default:
            return usage(stderr, UNBOX_EXIT_USAGE);
        }
    }
    return optind < argc ? usage(stderr, UNBOX_EXIT_USAGE) : -1;
}

static void on_registered(int error, const char *message, void *userdata)
{
    struct network *network = userdata;

    unbox_log_registered(error, message, NULL);
    if (error < 0)
        return;
    tell_forget(network->tell);
    network_look(network);
}

static int announce(sd_event *event, const struct paths *paths, struct network *network,
        struct unbox_ipc_server *api, struct unbox_service **ret)
{
    static const char *const capabilities[] = {"hotspot", "scan", "join", NULL};
    const struct unbox_service_options options = {
            .socket = paths->healthd,
            .name = "user-network",
            .version = PROJECT_VERSION,
            .description = "Hotspot, scan, and the customer's network",
            .endpoint = paths->socket,
            .capabilities = capabilities,
            .topics = tell_topics,
    };
    int r;

    r = unbox_service_register(event, &options, on_registered, network, ret);
    if (r >= 0)
        tell_attach(network->tell, unbox_service_client(*ret), api);
    return r;
}

static int serve(const struct unbox_config *config, const struct paths *paths)
{
    _cleanup_(unbox_run_free_p) struct unbox_run *run = NULL;
    _cleanup_(glib_loop_free_p) struct glib_loop *glib = NULL;
    _cleanup_(network_free_p) struct network *network = NULL;
    _cleanup_(unbox_ipc_server_free_p) struct unbox_ipc_server *api = NULL;
    _cleanup_(unbox_service_free_p) struct unbox_service *service = NULL;
    int r;

    r = unbox_run_new(NULL, NULL, &run);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the event loop can't be made");
    r = glib_loop_new(unbox_run_event(run), &glib);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "GLib can't be driven from the event loop");
    r = network_new(run, config, paths, &network);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the network can't be looked after");
    r = api_new(unbox_run_event(run), network, &api);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "%s can't be served", paths->socket);
    r = announce(unbox_run_event(run), paths, network, api, &service);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "the service can't be registered");
    unbox_run_status(run, "reaching NetworkManager");
    return unbox_run_loop(run);
}

int main(int argc, char **argv)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    _cleanup_(paths_done) struct paths paths = {};
    struct unbox_config_error error;
    const char *root = "";
    sigset_t signals;
    int r;

    r = parse_arguments(argc, argv, &root);
    if (r >= 0)
        return r;
    /* Before any thread: GDBus has one, and the loop takes the end of its children from here. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    r = unbox_config_load(NULL, &config, &error);
    if (r < 0) {
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", error.text);
        unbox_run_notify_status("configuration: %s", error.text);
        return r == -EINVAL ? UNBOX_EXIT_CONFIG : UNBOX_EXIT_FAILURE;
    }
    r = paths_init(root, &paths);
    if (r >= 0)
        r = serve(config, &paths);
    return r < 0 ? UNBOX_EXIT_FAILURE : r;
}
