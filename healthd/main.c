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
#include "bluetooth.h"
#include "checks.h"
#include "events.h"
#include "settings.h"
#include "unbox/log.h"
#include "unbox/run.h"

struct healthd {
    struct unbox_run *run;
    struct settings settings;
    struct memory *memory;
    struct bluetooth *bluetooth;
    struct bus *bus;
    struct registry *registry;
    struct queues *queues;
    struct units *units;
    struct checks *checks;
    struct api api;
    struct unbox_ipc_server *server;
};

/* The units and the queues go before the server: they hold calls that it has to answer; the checks
 * before the units, whose bus they use. */
static void healthd_done(struct healthd *healthd)
{
    checks_free(healthd->checks);
    units_free(healthd->units);
    bluetooth_free(healthd->bluetooth);
    queues_free(healthd->queues);
    api_done(&healthd->api);
    if (healthd->bus)
        bus_set_server(healthd->bus, NULL);
    unbox_ipc_server_free(healthd->server);
    registry_free(healthd->registry);
    bus_free(healthd->bus);
    memory_close(healthd->memory);
    unbox_run_free(healthd->run);
    settings_clear(&healthd->settings);
}

static void begin_to_serve(struct healthd *healthd)
{
    int r;

    healthd->api = (struct api){
            healthd->units, healthd->memory, healthd->bus, healthd->registry, healthd->queues};
    r = api_serve(unbox_run_event(healthd->run), &healthd->api, &healthd->server);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "can't listen on %s", API_PATH);
        unbox_run_exit(healthd->run, UNBOX_EXIT_FAILURE);
        return;
    }
    api_register_self(&healthd->api);
    unbox_run_ready(healthd->run);
}

static void show_status(struct healthd *healthd)
{
    _cleanup_free_ char *summary = units_summary(healthd->units);
    const char *error = healthd->settings.error;

    if (summary)
        unbox_run_status(healthd->run, "%s%s%s%s", error ? "configuration: " : "", error ?: "",
                error ? "; " : "", summary);
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

    /* They ask the bus, and for what runs. */
    if (healthd->checks && units_are_known(healthd->units))
        checks_start(healthd->checks);
    /* Whoever waits for READY finds a status that is about the units. */
    show_status(healthd);
    if (!healthd->server && healthd->checks && units_are_known(healthd->units) &&
            checks_are_known(healthd->checks))
        begin_to_serve(healthd);
    if (units_are_known(healthd->units))
        registry_check(healthd->registry, lives, healthd);
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

static void on_connected(sd_bus *system_bus, void *userdata)
{
    struct healthd *healthd = userdata;

    bluetooth_connected(healthd->bluetooth, system_bus);
}

static void on_disconnected(void *userdata)
{
    struct healthd *healthd = userdata;

    bluetooth_disconnected(healthd->bluetooth);
}

static void configure_bluetooth(struct healthd *healthd)
{
    bluetooth_configure(healthd->bluetooth,
            unbox_config_list(healthd->settings.config, "health.bluetooth_profiles"));
}

/* What is wrong is said, and costs nobody else the new configuration. */
static void put_in_force(struct healthd *healthd, struct unbox_config *config)
{
    int r;

    r = units_configure(healthd->units, config);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "can't watch other units");
        unbox_config_free(config);
        return;
    }
    settings_take(&healthd->settings, config);
    r = checks_configure(healthd->checks, config);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't make other checks");
    configure_bluetooth(healthd);
}

/* The old configuration stays when the new one is wrong, and the status says why. */
static void reload(void *userdata)
{
    struct healthd *healthd = userdata;
    struct unbox_config *config;

    if (settings_read(&healthd->settings, &config) >= 0)
        put_in_force(healthd, config);
    show_status(healthd);
}

/* Of events: who publishes, who is registered, and what waits for somebody. */
static int open_bus(struct healthd *healthd, sd_event *event)
{
    int r;

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
    return 0;
}

static int start(struct healthd *healthd)
{
    static const struct unbox_run_ops run_ops = {.reload = reload};
    static const struct units_ops units_ops = {
            .connected = on_connected,
            .disconnected = on_disconnected,
            .changed = on_units_changed,
    };
    static const struct checks_ops checks_ops = {runs, bus, on_checked};
    sd_event *event;
    int r;

    r = unbox_run_new(&run_ops, healthd, &healthd->run);
    if (r < 0)
        return r;
    event = unbox_run_event(healthd->run);
    r = memory_open(event, MEMORY_PATH, &healthd->memory);
    if (r < 0)
        return r;
    r = bluetooth_new(&healthd->bluetooth);
    if (r < 0)
        return r;
    r = open_bus(healthd, event);
    if (r < 0)
        return r;
    configure_bluetooth(healthd);
    if (memory_was_left_open(healthd->memory))
        events_own_death(healthd->memory);
    r = units_new(
            event, healthd->memory, healthd->settings.config, &units_ops, healthd, &healthd->units);
    if (r < 0)
        return r;
    r = checks_new(event, healthd->memory, healthd->settings.config, &checks_ops, healthd,
            &healthd->checks);
    if (r < 0)
        return r;
    units_set_checks(healthd->units, healthd->checks);
    unbox_run_status(healthd->run, "waiting for systemd on the system bus");
    return 0;
}

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
    r = start(&healthd);
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
