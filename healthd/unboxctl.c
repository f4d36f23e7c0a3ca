/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * unboxctl: the device on a terminal. It asks the daemons on their sockets and prints what they
 * answer; it knows nothing by itself.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "unbox/ipc.h"
#include "unbox/run.h"
#include "util.h"

#define HEALTH_SOCKET "/run/unbox/healthd.sock"
#define NETWORK_SOCKET "/run/unbox/user-network.sock"
#define ASK_USEC (10 * USEC_PER_SEC)
/* As long as healthd waits for systemd, and a little. */
#define RESTART_USEC (100 * USEC_PER_SEC)

struct options {
    bool json;
    bool yes;
};

/* Says on stderr what went wrong. `params` is taken over. */
static int ask(const char *path, const char *method, json_t *params, uint64_t timeout, json_t **ret)
{
    _cleanup_free_ char *code = NULL, *message = NULL;
    int r;

    r = unbox_ipc_call_sync(path, method, params, timeout, ret, &code, &message);
    if (r == -EREMOTEIO)
        fprintf(stderr, "unboxctl: %s (%s)\n", message, code);
    else if (r == -ENOENT || r == -ECONNREFUSED)
        fprintf(stderr, "unboxctl: nobody answers on %s: look at `systemctl status`\n", path);
    else if (r == -EACCES)
        fprintf(stderr, "unboxctl: only root and members of the group unbox may ask\n");
    else if (r < 0)
        fprintf(stderr, "unboxctl: %s: %s\n", path, strerrordesc_np(-r));
    return r;
}

static int print_json(const json_t *value)
{
    if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0)
        return UNBOX_EXIT_FAILURE;
    putchar('\n');
    return UNBOX_EXIT_OK;
}

static const char *text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key)) ?: "";
}

static bool is_bad(const char *state)
{
    return strcmp(state, "failed") == 0 || strcmp(state, "degraded") == 0 ||
           strcmp(state, "failing") == 0 || strcmp(state, "not-found") == 0;
}

static void print_services(json_t *services)
{
    const char *name;
    json_t *service;

    printf("%-20s %-13s %-21s %s\n", "SERVICE", "STATE", "SINCE", "");
    json_object_foreach (services, name, service) {
        const char *status = text(service, "status");

        /* What it says of itself is of interest only while it is well. */
        if (!*status || strcmp(text(service, "state"), "active") != 0)
            status = text(service, "detail");
        printf("%-20s %-13s %-21s %s\n", name, text(service, "state"), text(service, "since"),
                status);
    }
}

static void print_events(json_t *events)
{
    static const size_t shown = 10;
    size_t count = json_array_size(events);

    if (count == 0)
        return;
    printf("\nLAST EVENTS\n");
    for (size_t i = count > shown ? count - shown : 0; i < count; i++) {
        json_t *event = json_array_get(events, i);

        printf("%s %s\n", text(event, "time"), text(event, "message"));
    }
}

static int show_status(const struct options *options, const char *argument)
{
    _cleanup_json_ json_t *status = NULL;
    json_int_t minutes;

    if (ask(HEALTH_SOCKET, "get_status", NULL, ASK_USEC, &status) < 0)
        return UNBOX_EXIT_FAILURE;
    if (options->json)
        return print_json(status);

    minutes = json_integer_value(json_object_get(status, "uptime_seconds")) / 60;
    printf("%s, up %" JSON_INTEGER_FORMAT " d %" JSON_INTEGER_FORMAT " h %" JSON_INTEGER_FORMAT
           " min, unbox %s\n\n",
            text(status, "hostname"), minutes / 60 / 24, minutes / 60 % 24, minutes % 60,
            text(status, "version"));
    print_services(json_object_get(status, "services"));
    print_events(json_object_get(status, "events"));
    return UNBOX_EXIT_OK;
}

/* For scripts, too: the exit status tells whether all is well. */
static int show_health(const struct options *options, const char *argument)
{
    _cleanup_json_ json_t *health = NULL;
    int code = UNBOX_EXIT_OK;
    const char *name;
    json_t *state;

    if (ask(HEALTH_SOCKET, "get_health", NULL, ASK_USEC, &health) < 0)
        return UNBOX_EXIT_FAILURE;
    if (options->json && print_json(health) != UNBOX_EXIT_OK)
        return UNBOX_EXIT_FAILURE;
    json_object_foreach (health, name, state) {
        const char *word = json_string_value(state) ?: "";

        if (!options->json)
            printf("%-20s %s\n", name, word);
        if (is_bad(word))
            code = UNBOX_EXIT_FAILURE;
    }
    return code;
}

static int restart(const struct options *options, const char *service)
{
    _cleanup_json_ json_t *answer = NULL;
    json_t *params = json_pack("{s:s}", "service", service);

    return ask(HEALTH_SOCKET, "restart_service", params, RESTART_USEC, &answer) < 0
                   ? UNBOX_EXIT_FAILURE
                   : UNBOX_EXIT_OK;
}

static void print_value(const char *name, const json_t *value, int depth)
{
    _cleanup_free_ char *number = NULL;
    const char *key;
    json_t *member;
    size_t i;

    printf("%*s%s:", depth * 2, "", name);
    if (json_is_object(value)) {
        putchar('\n');
        json_object_foreach ((json_t *)value, key, member)
            print_value(key, member, depth + 1);
        return;
    }
    if (json_is_array(value)) {
        putchar('\n');
        json_array_foreach (value, i, member)
            print_value("-", member, depth + 1);
        return;
    }
    if (!json_is_string(value))
        number = json_dumps(value, JSON_ENCODE_ANY);
    printf(" %s\n", json_string_value(value) ?: number ?: "");
}

static int show_network(const struct options *options, const char *argument)
{
    _cleanup_json_ json_t *status = NULL;
    const char *key;
    json_t *value;

    if (ask(NETWORK_SOCKET, "status", NULL, ASK_USEC, &status) < 0)
        return UNBOX_EXIT_FAILURE;
    if (options->json)
        return print_json(status);
    json_object_foreach (status, key, value)
        print_value(key, value, 0);
    return UNBOX_EXIT_OK;
}

/* Whoever resets a device over the network had better be on the right one. */
static bool is_confirmed(void)
{
    _cleanup_json_ json_t *system = NULL;
    _cleanup_free_ char *line = NULL;
    size_t size = 0;

    if (!isatty(STDIN_FILENO)) {
        fprintf(stderr, "unboxctl: there is nobody to ask; --yes says that it is meant\n");
        return false;
    }
    if (ask(HEALTH_SOCKET, "get_system", NULL, ASK_USEC, &system) < 0)
        return false;
    printf("This forgets the customer's networks and passwords, and reboots.\n"
           "Type the name of this device, %s, to go on: ",
            text(system, "hostname"));
    fflush(stdout);
    if (getline(&line, &size, stdin) < 0)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, text(system, "hostname")) == 0;
}

static int reset(const struct options *options, const char *argument)
{
    _cleanup_json_ json_t *answer = NULL;

    if (!options->yes && !is_confirmed())
        return UNBOX_EXIT_FAILURE;
    if (ask(HEALTH_SOCKET, "factory_reset", NULL, ASK_USEC, &answer) < 0)
        return UNBOX_EXIT_FAILURE;
    puts("The device reboots, and begins again with its first time.");
    return UNBOX_EXIT_OK;
}

static const struct command {
    const char *name;
    const char *argument; /* what it needs; NULL: nothing */
    const char *meaning;
    int (*run)(const struct options *options, const char *argument);
} commands[] = {
        {"status", NULL, "all services and what happened last", show_status},
        {"health", NULL, "each service's state; fails when one of them has failed", show_health},
        {"restart", "SERVICE", "restart a service, and wait until that is done", restart},
        {"network", NULL, "what the network is doing", show_network},
        {"factory-reset", NULL, "forget the customer, and reboot", reset},
};

static int usage(FILE *stream)
{
    fputs("usage: unboxctl [--json] [--yes] COMMAND\n\n", stream);
    for (size_t i = 0; i < ELEMENTSOF(commands); i++)
        fprintf(stream, "  %-14s %-8s %s\n", commands[i].name, commands[i].argument ?: "",
                commands[i].meaning);
    fputs("\n  --json   print the answer as it came\n"
          "  --yes    don't ask before a factory reset\n"
          "  --version\n",
            stream);
    return stream == stdout ? UNBOX_EXIT_OK : UNBOX_EXIT_USAGE;
}

static int run_command(const struct options *options, char **words, int count)
{
    for (size_t i = 0; count > 0 && i < ELEMENTSOF(commands); i++) {
        if (strcmp(commands[i].name, words[0]) != 0)
            continue;
        if (count != (commands[i].argument ? 2 : 1))
            return usage(stderr);
        return commands[i].run(options, words[1]);
    }
    return usage(stderr);
}

int main(int argc, char **argv)
{
    static const struct option known[] = {
            {"json", no_argument, NULL, 'j'},
            {"yes", no_argument, NULL, 'y'},
            {"help", no_argument, NULL, 'h'},
            {"version", no_argument, NULL, 'v'},
            {},
    };
    struct options options = {};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        switch (c) {
        case 'j':
            options.json = true;
            break;
        case 'y':
            options.yes = true;
            break;
        case 'h':
            return usage(stdout);
        case 'v':
            puts("unboxctl " PROJECT_VERSION);
            return UNBOX_EXIT_OK;
        default:
            return usage(stderr);
        }
    }
    return run_command(&options, argv + optind, argc - optind);
}
