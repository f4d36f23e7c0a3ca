/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* healthd's JSON, flattened: each number is a line, and each name of a service a label. A number
 * that healthd doesn't know is no line, never 0. */

#include "metrics.h"

#include <stdio.h>
#include <string.h>

static void head(FILE *file, const char *name, const char *type, const char *help)
{
    fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: a backslash, a quote and a line break have to be escaped. */
static void put_label(FILE *file, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", file);
        else if (*text == '\\' || *text == '"')
            fprintf(file, "\\%c", *text);
        else
            fputc(*text, file);
    }
}

static void put_value(FILE *file, const json_t *value)
{
    if (json_is_integer(value))
        fprintf(file, " %" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else
        fprintf(file, " %.10g\n", json_number_value(value));
}

/* Where in `usage`.device it is, as "memory.total_bytes". */
static const struct {
    const char *group; /* NULL: of the device itself */
    const char *key;
    const char *name;
    const char *help;
} device_numbers[] = {
        {NULL, "uptime_seconds", "unbox_uptime_seconds", "Since the device was started."},
        {NULL, "processors", "unbox_processors", "How many there are."},
        {"memory", "total_bytes", "unbox_memory_total_bytes", "The device's memory."},
        {"memory", "available_bytes", "unbox_memory_available_bytes", "Memory that is available."},
        {"disk", "total_bytes", "unbox_disk_total_bytes", "The file system of the device's state."},
        {"disk", "available_bytes", "unbox_disk_available_bytes", "What is free of it."},
};

static void put_device(FILE *file, json_t *device)
{
    json_t *load = json_array_get(json_object_get(device, "load"), 0);
    json_t *celsius = json_object_get(device, "temperature");

    for (size_t i = 0; i < ELEMENTSOF(device_numbers); i++) {
        const char *group = device_numbers[i].group, *name = device_numbers[i].name;
        json_t *value = json_object_get(
                group ? json_object_get(device, group) : device, device_numbers[i].key);

        if (!json_is_number(value))
            continue;
        head(file, name, "gauge", device_numbers[i].help);
        fputs(name, file);
        put_value(file, value);
    }
    if (json_is_number(load)) {
        head(file, "unbox_load1", "gauge", "Load, averaged over a minute.");
        fputs("unbox_load1", file);
        put_value(file, load);
    }
    if (json_is_number(celsius)) {
        head(file, "unbox_temperature_celsius", "gauge", "Of the hottest thermal zone.");
        fputs("unbox_temperature_celsius", file);
        put_value(file, celsius);
    }
}

static const struct {
    const char *key;
    const char *name;
    const char *type;
    const char *help;
} unit_numbers[] = {
        {"restarts", "unbox_service_restarts_total", "counter", "Restarts since the boot."},
        {"memory_bytes", "unbox_service_memory_bytes", "gauge", "Memory that it uses."},
        {"tasks", "unbox_service_tasks", "gauge", "Processes and threads."},
        {"cpu_seconds", "unbox_service_cpu_seconds_total", "counter", "Processor time."},
};

static void put_units(FILE *file, json_t *units)
{
    const char *unit;
    json_t *numbers;

    for (size_t i = 0; i < ELEMENTSOF(unit_numbers); i++) {
        head(file, unit_numbers[i].name, unit_numbers[i].type, unit_numbers[i].help);
        json_object_foreach (units, unit, numbers) {
            json_t *value = json_object_get(numbers, unit_numbers[i].key);

            if (!json_is_number(value))
                continue;
            fprintf(file, "%s{service=\"", unit_numbers[i].name);
            put_label(file, unit);
            fputs("\"}", file);
            put_value(file, value);
        }
    }
}

static void put_health(FILE *file, json_t *health)
{
    const char *service;
    json_t *state;

    head(file, "unbox_service_state", "gauge", "1 for the state that it is in.");
    json_object_foreach (health, service, state) {
        if (!json_is_string(state))
            continue;
        fputs("unbox_service_state{service=\"", file);
        put_label(file, service);
        fputs("\",state=\"", file);
        put_label(file, json_string_value(state));
        fputs("\"} 1\n", file);
    }
}

static void put_own(FILE *file, const struct metrics *metrics)
{
    head(file, "unbox_healthd_up", "gauge", "Whether healthd answers.");
    fprintf(file, "unbox_healthd_up %d\n", metrics->up);
    if (metrics->usage) {
        head(file, "unbox_metrics_age_seconds", "gauge", "How old healthd's numbers are.");
        fprintf(file, "unbox_metrics_age_seconds %.3f\n", metrics->age_usec / 1e6);
    }
    head(file, "unbox_web_connections", "gauge", "Connections to the page.");
    fprintf(file, "unbox_web_connections %u\n", metrics->connections);
    head(file, "unbox_web_event_streams", "gauge", "Pages that are told what happens.");
    fprintf(file, "unbox_web_event_streams %u\n", metrics->streams);
}

int metrics_format(const struct metrics *metrics, char **ret, size_t *ret_size)
{
    _cleanup_free_ char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (!file)
        return -ENOMEM;
    put_own(file, metrics);
    if (metrics->health)
        put_health(file, metrics->health);
    if (metrics->usage) {
        put_device(file, json_object_get(metrics->usage, "device"));
        put_units(file, json_object_get(metrics->usage, "units"));
    }
    if (fclose(file) != 0)
        return -ENOMEM;
    *ret = STEAL(text);
    *ret_size = size;
    return 0;
}
