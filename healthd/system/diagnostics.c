/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Gathers step by step: the clock, the device, the network from user-network, the configurations,
 * and then what each service said. What can't be had says so in its place: the worse the device is,
 * the more the rest is needed.
 */

#include "diagnostics.h"

#include <limits.h>
#include <string.h>
#include <syslog.h>

#include "logs.h"
#include "system.h"
#include "unbox/config.h"
#include "util.h"

#define NETWORK_SOCKET "/run/unbox/user-network.sock"
#define NETWORK_USEC (3 * USEC_PER_SEC)
#define LOGS_LINES 100
#define LOGS_BYTES (16 * 1024)
/* Of all logs together: with hundreds of services the last ones go without. */
#define LOGS_BYTES_ALL (1024 * 1024)

struct diagnostics {
    struct api *api;
    struct unbox_ipc_call *call;
    struct unbox_ipc_client *network;
    struct logs *logs;
    json_t *document;
    json_t *services;    /* whose logs are still to be read are those from `service` on */
    const char *service; /* borrowed from `services` */
    size_t log_bytes;
};

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

struct diagnostics *diagnostics_free(struct diagnostics *diagnostics)
{
    if (!diagnostics)
        return NULL;
    if (diagnostics->api->diagnostics == diagnostics)
        diagnostics->api->diagnostics = NULL;
    if (diagnostics->call)
        (void)unbox_ipc_reply_error(diagnostics->call, UNBOX_IPC_INTERNAL_ERROR, "healthd ends");
    unbox_ipc_client_free(diagnostics->network);
    logs_free(diagnostics->logs);
    json_decref(diagnostics->document);
    json_decref(diagnostics->services);
    free(diagnostics);
    return NULL;
}

static json_t *problem(const char *text)
{
    return json_pack("{s:s%}", "error", text, strlen(text));
}

/* `value` is taken over. Out of memory a part is missing, and the document is there. */
static void add(struct diagnostics *diagnostics, const char *name, json_t *value)
{
    (void)json_object_set_new(diagnostics->document, name, value);
}

static void read_next_log(struct diagnostics *diagnostics);

static void on_log(int error, json_t *entries, bool complete, void *userdata)
{
    struct diagnostics *diagnostics = userdata;
    json_t *all = json_object_get(diagnostics->document, "logs");

    diagnostics->logs = NULL;
    if (entries)
        diagnostics->log_bytes += json_dumpb(entries, NULL, 0, JSON_COMPACT);
    (void)json_object_set_new(
            all, diagnostics->service, error < 0 ? problem(strerrordesc_np(-error)) : entries);
    diagnostics->service = json_object_iter_key(json_object_iter_next(
            diagnostics->services, json_object_key_to_iter(diagnostics->service)));
    read_next_log(diagnostics);
}

static void finish(struct diagnostics *diagnostics)
{
    struct unbox_ipc_call *call = STEAL(diagnostics->call);
    json_t *document = STEAL(diagnostics->document);

    diagnostics_free(diagnostics);
    (void)unbox_ipc_reply(call, document);
}

static void read_next_log(struct diagnostics *diagnostics)
{
    struct units *units = diagnostics->api->units;
    struct logs_query query = {.lines = LOGS_LINES, .bytes = LOGS_BYTES, .priority = LOG_DEBUG};
    const struct unit *unit;
    int r;

    if (!diagnostics->service || diagnostics->log_bytes > LOGS_BYTES_ALL) {
        finish(diagnostics);
        return;
    }
    /* The configuration may have become another one meanwhile. */
    unit = units_find_shown(units, diagnostics->service);
    query.unit = unit ? unit->name : diagnostics->service;
    r = logs_read(diagnostics->api->event, &query, on_log, diagnostics, &diagnostics->logs);
    if (r < 0)
        finish(diagnostics);
}

static json_t *suite_configuration(void)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};

    if (unbox_config_load(NULL, &config, &error) < 0)
        return problem(error.text);
    return unbox_config_to_json(config);
}

static json_t *product_configuration(void)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error = {};
    int r = unbox_config_load_product(NULL, &config, &error);

    if (r == -ENOENT)
        return json_null();
    return r < 0 ? problem(error.text) : unbox_config_to_json(config);
}

static void add_state(struct diagnostics *diagnostics)
{
    struct api *api = diagnostics->api;

    add(diagnostics, "configuration", suite_configuration());
    add(diagnostics, "product", product_configuration());
    diagnostics->services = units_to_json(api->units, true);
    add(diagnostics, "services", json_incref(diagnostics->services));
    add(diagnostics, "events", json_deep_copy(memory_events(api->memory)));
    add(diagnostics, "logs", json_object());
    diagnostics->service = json_object_iter_key(json_object_iter(diagnostics->services));
}

static void add_answer(struct diagnostics *diagnostics, const char *name, int error, json_t *result,
        const char *message)
{
    add(diagnostics, name, error < 0 ? problem(message) : json_incref(result));
}

static void on_networks(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct diagnostics *diagnostics = userdata;

    add_answer(diagnostics, "networks", error, result, message);
    add_state(diagnostics);
    read_next_log(diagnostics);
}

static void on_network(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct diagnostics *diagnostics = userdata;

    add_answer(diagnostics, "network", error, result, message);
    if (unbox_ipc_client_call(
                diagnostics->network, "networks", NULL, NETWORK_USEC, on_networks, diagnostics) < 0)
        finish(diagnostics);
}

static void on_synchronised(enum timedate_synchronised synchronised, void *userdata)
{
    struct diagnostics *diagnostics = userdata;

    add(diagnostics, "system", system_to_json(synchronised));
    if (unbox_ipc_client_call(
                diagnostics->network, "status", NULL, NETWORK_USEC, on_network, diagnostics) < 0)
        finish(diagnostics);
}

int diagnostics_begin(struct api *api, struct unbox_ipc_call *call)
{
    struct diagnostics *diagnostics = calloc(1, sizeof(*diagnostics));
    int r;

    if (!diagnostics)
        return -ENOMEM;
    *diagnostics = (struct diagnostics){.api = api, .call = call, .document = json_object()};
    r = diagnostics->document
                ? unbox_ipc_client_new(api->event, NETWORK_SOCKET, &diagnostics->network)
                : -ENOMEM;
    if (r < 0) {
        diagnostics->call = NULL;
        diagnostics_free(diagnostics);
        return r;
    }
    api->diagnostics = diagnostics;
    timedate_ask(
            &api->timedate, systemd1_bus(units_systemd1(api->units)), on_synchronised, diagnostics);
    return 0;
}
