/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * healthd: watches the device's services through systemd, restarts what fails, and tells whoever
 * asks on /run/unbox/healthd.sock. Ready, and on the socket, once it has seen every service and
 * every functional check has run.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>

#include "api-bus.h"
#include "api.h"
#include "checks.h"
#include "events.h"
#include "unbox/config.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"
#include "watched.h"

struct healthd {
    struct unbox_run *run;
    struct memory *memory;
    struct bus *bus;
    struct registry *registry;
    struct queues *queues;
    struct units *units;
    struct apply *apply;
    struct checks *checks;
    struct api api;
    struct unbox_ipc_server *server;
};

/* The units, what is being applied and the queues go before the server: they hold calls that it has
 * to answer; the checks before the units, whose bus they use, and those before what waits for them.
 */
static void healthd_done(struct healthd *healthd)
{
    checks_free(healthd->checks);
    units_free(healthd->units);
    apply_free(healthd->apply);
    queues_free(healthd->queues);
    api_done(&healthd->api);
    if (healthd->bus)
        bus_set_server(healthd->bus, NULL);
    unbox_ipc_server_free(healthd->server);
    registry_free(healthd->registry);
    bus_free(healthd->bus);
    memory_close(healthd->memory);
    unbox_run_free(healthd->run);
}

static int load_config(struct unbox_config **ret, struct unbox_config_error *ret_error)
{
    int r = unbox_config_load(NULL, ret, ret_error);

    if (r < 0)
        unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", ret_error->text);
    return r;
}

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static void begin_to_serve(struct healthd *healthd)
{
    int r;

    healthd->api = (struct api){healthd->units, healthd->memory, healthd->apply, healthd->bus,
            healthd->registry, healthd->queues};
    r = api_serve(unbox_run_event(healthd->run), &healthd->api, &healthd->server);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "can't listen on %s", API_PATH);
        unbox_run_exit(healthd->run, UNBOX_EXIT_FAILURE);
        return;
    }
    api_register_self(&healthd->api);
    unbox_run_ready(healthd->run);
}

/* Keeps an eye on the unit of somebody in the registry; false: it has ended. */
static bool lives(const char *unit, void *userdata)
{
    struct healthd *healthd = userdata;

    return units_follow(healthd->units, unit);
}

static void on_units_changed(void *userdata)
{
    struct healthd *healthd = userdata;
    _cleanup_free_ char *summary = NULL;

    /* They ask the bus, and for what runs. */
    if (healthd->checks && units_are_known(healthd->units))
        checks_start(healthd->checks);
    if (!healthd->server && healthd->checks && units_are_known(healthd->units) &&
            checks_are_known(healthd->checks))
        begin_to_serve(healthd);
    if (healthd->apply)
        apply_resume(healthd->apply);
    if (units_are_known(healthd->units))
        registry_check(healthd->registry, lives, healthd);
    /* Last, for what was done above may have changed it. */
    summary = units_summary(healthd->units);
    if (summary)
        unbox_run_status(healthd->run, "%s", summary);
}

static struct apply_options apply_options(const struct unbox_config *config)
{
    return (struct apply_options){
            .interface = unbox_config_string(config, "network.wifi_interface"),
            .settle_usec = unbox_config_int(config, "health.apply_settle_seconds") * USEC_PER_SEC,
    };
}

static bool runs(const char *unit, void *userdata)
{
    struct healthd *healthd = userdata;

    return units_run(healthd->units, unit);
}

static sd_bus *bus(void *userdata)
{
    struct healthd *healthd = userdata;

    return systemd1_bus(units_systemd1(healthd->units));
}

static void on_checked(const char *unit, const char *trouble, bool sick, bool heal, void *userdata)
{
    struct healthd *healthd = userdata;

    if (unit)
        units_checked(healthd->units, unit, trouble, sick, heal);
    else
        on_units_changed(healthd);
}

static void reload(void *userdata)
{
    struct healthd *healthd = userdata;
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    _cleanup_free_ const char **watched = NULL;
    struct unbox_config_error error;
    struct apply_options options;
    int r;

    /* The old configuration stays when the new one is wrong. */
    if (load_config(&config, &error) < 0)
        return;
    watched = watched_units(config);
    r = watched ? units_configure(healthd->units, watched) : -ENOMEM;
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't watch other units");
    options = apply_options(config);
    r = apply_configure(healthd->apply, &options);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't take over what concerns apply_config");
    r = checks_configure(healthd->checks, config);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't make other checks");
}

static int start(struct healthd *healthd, const struct unbox_config *config)
{
    static const struct unbox_run_ops run_ops = {.reload = reload};
    static const struct units_ops units_ops = {.changed = on_units_changed};
    const struct apply_options options = apply_options(config);
    static const struct checks_ops checks_ops = {runs, bus, on_checked};
    _cleanup_free_ const char **watched = watched_units(config);
    sd_event *event;
    int r;

    if (!watched)
        return -ENOMEM;
    r = unbox_run_new(&run_ops, healthd, &healthd->run);
    if (r < 0)
        return r;
    event = unbox_run_event(healthd->run);
    r = memory_open(event, MEMORY_PATH, &healthd->memory);
    if (r < 0)
        return r;
    r = bus_new(event, &healthd->bus);
    if (r < 0)
        return r;
    r = registry_open(REGISTRY_PATH, healthd->bus, &healthd->registry);
    if (r < 0)
        return r;
    r = queues_open(event, QUEUES_PATH, &healthd->queues);
    if (r < 0)
        return r;
    memory_set_bus(healthd->memory, healthd->bus);
    if (memory_was_left_open(healthd->memory))
        events_own_death(healthd->memory);
    r = units_new(event, healthd->memory, watched, &units_ops, healthd, &healthd->units);
    if (r >= 0)
        r = apply_new(event, healthd->units, healthd->memory, &options, &healthd->apply);
    if (r < 0)
        return r;
    r = checks_new(event, healthd->memory, config, &checks_ops, healthd, &healthd->checks);
    if (r < 0)
        return r;
    units_set_checks(healthd->units, healthd->checks);
    unbox_run_status(healthd->run, "waiting for systemd on the system bus");
    return 0;
}

static int run(void)
{
    _cleanup_(healthd_done) struct healthd healthd = {};
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error;
    sigset_t signals;
    int r;

    /* The loop takes the end of children, which some checks have, from a descriptor. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    if (load_config(&config, &error) < 0) {
        unbox_run_notify_status("configuration: %s", error.text);
        return UNBOX_EXIT_CONFIG;
    }
    r = start(&healthd, config);
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
