/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The wiring: what one part notices is told to those whom it concerns. healthd is ready, and on its
 * socket, once it has seen every service and every functional check has run.
 */

#include "healthd.h"

#include "api-bus.h"
#include "events.h"
#include "unbox/log.h"

/* The checks go before the units, whose bus they use; the units, what is being applied and the
 * queues before the server: they hold calls that it has to answer. */
void healthd_done(struct healthd *healthd)
{
    checks_free(healthd->checks);
    units_free(healthd->units);
    apply_free(healthd->apply);
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
    if (healthd->apply)
        apply_resume(healthd->apply);
    if (units_are_known(healthd->units))
        registry_check(healthd->registry, lives, healthd);
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

static void on_connected(sd_bus *system_bus, void *userdata)
{
    struct healthd *healthd = userdata;

    bluetooth_connected(healthd->bluetooth, system_bus);
    apply_connected(healthd->apply, system_bus);
}

static void on_disconnected(void *userdata)
{
    struct healthd *healthd = userdata;

    bluetooth_disconnected(healthd->bluetooth);
    apply_disconnected(healthd->apply);
}

static void configure_bluetooth(struct healthd *healthd)
{
    bluetooth_configure(healthd->bluetooth,
            unbox_config_list(healthd->settings.config, "health.bluetooth_profiles"));
}

/* What is wrong is said, and costs nobody else the new configuration. */
static void put_in_force(struct healthd *healthd, struct unbox_config *config)
{
    const struct apply_options options = apply_options(config);
    int r;

    r = units_configure(healthd->units, config);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "can't watch other units");
        unbox_config_free(config);
        return;
    }
    settings_take(&healthd->settings, config);
    r = apply_configure(healthd->apply, &options);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't take over what concerns apply_config");
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

/* Those who look at the units and do something about them. */
static int open_units(struct healthd *healthd, sd_event *event)
{
    static const struct units_ops units_ops = {
            .connected = on_connected,
            .disconnected = on_disconnected,
            .changed = on_units_changed,
    };
    static const struct checks_ops checks_ops = {runs, bus, on_checked};
    const struct unbox_config *config = healthd->settings.config;
    const struct apply_options options = apply_options(config);
    int r;

    r = units_new(event, healthd->memory, config, &units_ops, healthd, &healthd->units);
    if (r < 0)
        return r;
    r = apply_new(event, healthd->units, healthd->memory, &options, &healthd->apply);
    if (r < 0)
        return r;
    r = checks_new(event, healthd->memory, config, &checks_ops, healthd, &healthd->checks);
    if (r < 0)
        return r;
    units_set_checks(healthd->units, healthd->checks);
    return 0;
}

int healthd_start(struct healthd *healthd)
{
    static const struct unbox_run_ops run_ops = {.reload = reload};
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
    r = open_units(healthd, event);
    if (r < 0)
        return r;
    unbox_run_status(healthd->run, "waiting for systemd on the system bus");
    return 0;
}
