/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the process holds besides its servers: who is asked, who may log in, what is told. */

#include "web.h"

#include <stdio.h>

#include "unbox/config.h"
#include "unbox/log.h"

/* Connections come and go by the dozen: what `systemctl status` says follows at leisure. */
#define STATUS_USEC (1 * USEC_PER_SEC)

/* Questions first: who waits for an answer is told, while he is still there. */
static int stop(void *userdata)
{
    struct web *web = userdata;

    peer_close(web->api.network);
    peer_close(web->api.health);
    web->api.services = services_free(web->api.services);
    web->api.network = peer_free(web->api.network);
    web->api.health = peer_free(web->api.health);
    web->api.jobs = jobs_free(web->api.jobs);
    auth_close(&web->api.auth);
    while (web->n_servers > 0)
        http_server_free(web->servers[--web->n_servers]);
    while (web->n_tls > 0)
        tls_listener_free(web->tls[--web->n_tls]);
    web->api.https = https_free(web->api.https);
    web->api.events = events_free(web->api.events);
    web->api.documents = documents_free(web->api.documents);
    api_numbers_done(&web->api.numbers);
    return 0;
}

void web_done(struct web *web)
{
    stop(web);
    sd_event_source_disable_unref(web->status_timer);
    unbox_service_free(web->service);
    unbox_run_free(web->run);
}

static void count_connections(struct web *web)
{
    web->api.connections = 0;
    for (size_t i = 0; i < web->n_servers; i++)
        web->api.connections += http_server_connections(web->servers[i]);
    for (size_t i = 0; i < web->n_tls; i++)
        web->api.connections += tls_listener_connections(web->tls[i]);
}

void web_tell_status(struct web *web)
{
    unsigned connections = web->api.connections;

    if (connections == 0)
        unbox_run_status(web->run, "serving the page on %s, no connections", web->ports);
    else
        unbox_run_status(web->run, "serving the page on %s, %u connection%s", web->ports,
                connections, connections == 1 ? "" : "s");
}

static int on_status_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    web_tell_status(userdata);
    return 0;
}

void web_connections_changed(void *userdata)
{
    struct web *web = userdata;
    int enabled;

    count_connections(web);
    if (sd_event_source_get_enabled(web->status_timer, &enabled) < 0 || enabled != SD_EVENT_OFF)
        return;
    (void)sd_event_source_set_time_relative(web->status_timer, STATUS_USEC);
    (void)sd_event_source_set_enabled(web->status_timer, SD_EVENT_ONESHOT);
}

static void on_name_told(void *userdata)
{
    struct web *web = userdata;

    /* Where nobody sees it there need be no certificate. */
    if (web->n_tls > 0)
        https_called(web->api.https, web->api.name.name, web->api.name.announced);
}

/* A wrong configuration must not keep the page away: who reads it here wants one word of it. */
static enum https_mode read_configured(void)
{
    struct unbox_config_error error;
    enum https_mode mode = HTTPS_OPTIONAL;
    struct unbox_config *config;

    if (unbox_config_load(NULL, &config, &error) < 0) {
        unbox_log(LOG_WARNING, "HTTPS is optional, as the configuration is wrong: %s", error.text);
        return mode;
    }
    mode = https_mode_of(unbox_config_string(config, "web.https"));
    unbox_config_free(config);
    return mode;
}

static int prepare_https(struct web *web, const char *state)
{
    int r = https_new(unbox_run_event(web->run), state, read_configured(), web_https_changed, web,
            &web->api.https);

    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't prepare HTTPS");
    web->api.name.told = on_name_told;
    web->api.name.userdata = web;
    return 0;
}

static int new_peer(
        struct web *web, const char *folder, const char *name, const char *title, struct peer **ret)
{
    _cleanup_free_ char *path = NULL;

    if (asprintf(&path, "%s/%s.sock", folder, name) < 0)
        return -ENOMEM;
    return peer_new(unbox_run_event(web->run), path, title, ret);
}

static int open_events(struct web *web, const char *folder)
{
    static const struct events_limits limits = {
            .max = WEB_STREAMS_MAX,
            .max_tls = WEB_TLS_STREAMS_MAX,
            .max_per_address = WEB_STREAMS_PER_ADDRESS_MAX,
    };
    _cleanup_free_ char *path = NULL;
    int r;

    if (asprintf(&path, "%s/healthd.sock", folder) < 0)
        return -ENOMEM;
    r = events_new(&web->api.auth, path, &limits, &web->api.events);
    return r < 0 ? r : jobs_new(unbox_run_event(web->run), web->api.events, &web->api.jobs);
}

/* It answers browsers, and no other daemon: no endpoint. */
static int announce(struct web *web, const char *folder)
{
    static const char *const capabilities[] = {"page", NULL};
    _cleanup_free_ char *socket = NULL;
    struct unbox_service_options options = {
            .name = "webserver",
            .version = PROJECT_VERSION,
            .description = "The page of this device",
            .capabilities = capabilities,
    };

    if (asprintf(&socket, "%s/healthd.sock", folder) < 0) {
        socket = NULL;
        return -ENOMEM;
    }
    options.socket = socket;
    return unbox_service_register(
            unbox_run_event(web->run), &options, unbox_log_registered, NULL, &web->service);
}

int web_set_up(struct web *web, const char *folder, const char *state)
{
    static const struct unbox_run_ops ops = {.stop = stop};
    int r;

    r = unbox_run_new(&ops, web, &web->run);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't make the event loop");
    r = new_peer(web, folder, "user-network", "The network service", &web->api.network);
    if (r == 0)
        r = new_peer(web, folder, "healthd", "The health service", &web->api.health);
    if (r == 0)
        r = services_new(unbox_run_event(web->run), &web->api.services);
    if (r == 0)
        r = documents_new(unbox_run_event(web->run), web->api.services, &web->api.documents);
    if (r == 0)
        r = announce(web, folder);
    if (r == 0)
        r = sd_event_add_time_relative(unbox_run_event(web->run), &web->status_timer,
                CLOCK_BOOTTIME, 0, 0, on_status_timer, web);
    if (r == 0)
        r = sd_event_source_set_enabled(web->status_timer, SD_EVENT_OFF);
    if (r < 0)
        return unbox_log_errno(LOG_ERR, r, "Can't prepare the questions to the other services");
    r = auth_open(&web->api.auth, unbox_run_event(web->run), state);
    if (r == 0)
        r = open_events(web, folder);
    return r < 0 ? r : prepare_https(web, state);
}
