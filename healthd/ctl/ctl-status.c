/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The device on one screen, and its health for scripts. */

#include <string.h>

#include "ctl.h"

#define EVENTS_SHOWN 10

static bool is_bad(const char *state)
{
    return strcmp(state, "failed") == 0 || strcmp(state, "degraded") == 0 ||
           strcmp(state, "failing") == 0 || strcmp(state, "not-found") == 0;
}

static enum ctl_colour state_colour(const char *state)
{
    if (is_bad(state))
        return CTL_RED;
    if (strcmp(state, "active") == 0)
        return CTL_GREEN;
    return strcmp(state, "inactive") == 0 ? CTL_DIM : CTL_YELLOW;
}

/* What it says of itself is of interest only while it is well. */
static const char *service_words(const json_t *service)
{
    const char *status = ctl_text(service, "status");

    if (*status && strcmp(ctl_text(service, "state"), "active") == 0)
        return status;
    return ctl_text(service, "detail");
}

static void print_services(const struct ctl *ctl, json_t *services)
{
    static const char *const headings[] = {"SERVICE", "STATE", "SINCE", "RESTARTS", "WHAT", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    const char *name;
    json_t *service;

    json_object_foreach (services, name, service) {
        const char *state = ctl_text(service, "state");
        json_int_t restarts = json_integer_value(json_object_get(service, "restarts"));
        char number[24];

        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, restarts);
        ctl_table_add(table, CTL_PLAIN, name);
        ctl_table_add(table, state_colour(state), state);
        ctl_table_add(table, CTL_PLAIN, ctl_text(service, "since"));
        ctl_table_add(table, restarts ? CTL_YELLOW : CTL_PLAIN, number);
        ctl_table_add(table, CTL_PLAIN, service_words(service));
    }
    ctl_table_print(ctl, table);
}

static void print_events(const struct ctl *ctl, json_t *events)
{
    static const char *const headings[] = {"LAST EVENTS", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    size_t count = json_array_size(events);

    if (count == 0)
        return;
    for (size_t i = count > EVENTS_SHOWN ? count - EVENTS_SHOWN : 0; i < count; i++) {
        json_t *event = json_array_get(events, i);

        ctl_table_add(table, CTL_PLAIN, ctl_text(event, "time"));
        ctl_table_add(table, CTL_PLAIN, ctl_text(event, "message"));
    }
    putchar('\n');
    ctl_table_print(ctl, table);
}

/* "name value, " for what is known. */
static void print_share(const json_t *system, const char *name)
{
    static const double gib = 1024.0 * 1024 * 1024;
    json_t *share = json_object_get(system, name);
    double total = json_number_value(json_object_get(share, "total_bytes"));

    if (total > 0)
        printf("%s %.1f of %.1f GiB free, ", name,
                json_number_value(json_object_get(share, "available_bytes")) / gib, total / gib);
}

static void print_identity(const json_t *system)
{
    const char *expires = ctl_text(system, "certificate_expires");

    fputs("serial ", stdout);
    ctl_put(*ctl_text(system, "serial") ? ctl_text(system, "serial") : "unknown");
    if (*expires)
        printf(", certificate until %.10s", expires);
    if (*ctl_text(system, "model")) {
        fputs(", ", stdout);
        ctl_put(ctl_text(system, "model"));
    }
    putchar('\n');
}

static void print_system(const json_t *system)
{
    json_t *temperature = json_object_get(system, "temperature_celsius");
    json_t *synchronised = json_object_get(system, "time_synchronised");

    print_identity(system);
    print_share(system, "memory");
    print_share(system, "disk");
    if (json_is_number(temperature))
        printf("%.0f °C, ", json_number_value(temperature));
    printf("clock %s%s\n", ctl_text(system, "time"),
            json_is_true(synchronised)    ? ""
            : json_is_false(synchronised) ? " (not synchronised)"
                                          : " (not known to be right)");
}

static void print_head(const struct ctl *ctl, const json_t *status)
{
    json_int_t minutes = json_integer_value(json_object_get(status, "uptime_seconds")) / 60;
    json_t *system = json_object_get(status, "system");

    fputs(ctl_on(ctl, CTL_BOLD), stdout);
    ctl_put(ctl_text(status, "hostname"));
    fputs(ctl_off(ctl, CTL_BOLD), stdout);
    printf(", up %" JSON_INTEGER_FORMAT " d %" JSON_INTEGER_FORMAT " h %" JSON_INTEGER_FORMAT
           " min, unbox %s",
            minutes / 60 / 24, minutes / 60 % 24, minutes % 60, ctl_text(status, "version"));
    if (*ctl_text(system, "os"))
        printf(" on %s, Linux %s", ctl_text(system, "os"), ctl_text(system, "kernel"));
    putchar('\n');
    if (json_is_object(system))
        print_system(system);
}

static void print_network(const json_t *network)
{
    if (!json_is_object(network))
        return; /* before the factory there is none, and the services tell why */
    fputs("network: ", stdout);
    ctl_put(ctl_text(network, "summary"));
    putchar('\n');
}

int ctl_status(const struct ctl *ctl)
{
    _cleanup_json_ json_t *status = NULL;
    json_t *system, *network;
    int r;

    r = ctl_ask(CTL_HEALTHD, "get_status", NULL, CTL_ASK_USEC, &status);
    ctl_ask_quietly(CTL_NETWORK, "status", &network);
    if (r != 0) {
        /* The one who would know isn't there: all the more say what can be said. */
        if (!ctl->json)
            print_network(network);
        json_decref(network);
        return r;
    }
    ctl_ask_quietly(CTL_HEALTHD, "get_system", &system);
    (void)json_object_set_new(status, "system", system ?: json_null());
    (void)json_object_set_new(status, "network", network ?: json_null());
    if (ctl->json)
        return ctl_print_json(status);

    print_head(ctl, status);
    print_network(network);
    putchar('\n');
    print_services(ctl, json_object_get(status, "services"));
    print_events(ctl, json_object_get(status, "events"));
    return UNBOX_EXIT_OK;
}

/* For scripts, too: the exit status tells whether all is well. */
int ctl_health(const struct ctl *ctl)
{
    static const char *const headings[] = {"", "", "", NULL};
    _cleanup_(ctl_table_free_p) struct ctl_table *table = ctl_table_new(headings);
    _cleanup_json_ json_t *health = NULL, *flat = json_object();
    int code = UNBOX_EXIT_OK, r;
    const char *name;
    json_t *service;

    r = ctl_ask(CTL_HEALTHD, "get_health", json_pack("{s:b}", "detail", 1), CTL_ASK_USEC, &health);
    if (r != 0)
        return r;
    json_object_foreach (health, name, service) {
        const char *state = ctl_text(service, "state");

        (void)json_object_set(flat, name, json_object_get(service, "state"));
        ctl_table_add(table, CTL_PLAIN, name);
        ctl_table_add(table, state_colour(state), state);
        ctl_table_add(table, CTL_PLAIN, is_bad(state) ? ctl_text(service, "detail") : "");
        if (is_bad(state))
            code = UNBOX_EXIT_FAILURE;
    }
    if (ctl->json && ctl_print_json(flat) != UNBOX_EXIT_OK)
        return UNBOX_EXIT_FAILURE;
    if (!ctl->json)
        ctl_table_print(ctl, table);
    return code;
}
