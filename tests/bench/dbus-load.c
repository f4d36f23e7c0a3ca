/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As bench-load, but over the system bus: each client has a connection of its own and one call. */

#include <stdio.h>

#include "dbus.h"
#include "samples.h"
#include "util.h"

#define WARM_UP 20 /* calls of each client that don't count */

struct load {
    sd_event *event;
    size_t left;
    size_t answers; /* with those that don't count */
    struct samples samples;
};

struct client {
    struct load *load;
    sd_bus *bus;
    uint64_t sent_at;
    unsigned answered;
};

static int ask(struct client *client);

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct client *client = userdata;
    struct load *load = client->load;
    uint64_t now = now_nsec();

    if (sd_bus_message_is_method_error(m, NULL))
        return sd_event_exit(load->event, -sd_bus_message_get_errno(m));
    load->answers++;
    if (++client->answered > WARM_UP) {
        if (samples_add(&load->samples, now - client->sent_at) < 0)
            return sd_event_exit(load->event, -ENOMEM);
        if (--load->left == 0)
            return sd_event_exit(load->event, 0);
    }
    return ask(client);
}

static int ask(struct client *client)
{
    client->sent_at = now_nsec();
    return sd_bus_call_method_async(client->bus, NULL, RIVAL_NAME, RIVAL_PATH, RIVAL_INTERFACE,
            RIVAL_METHOD, on_reply, client, NULL);
}

static int join(struct load *load, struct client *client)
{
    int r;

    client->load = load;
    r = sd_bus_open_system(&client->bus);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(client->bus, load->event, 0);
    return r < 0 ? r : ask(client);
}

static int run(struct load *load, struct client *clients, unsigned count)
{
    int r = 0;

    for (unsigned i = 0; i < count && r >= 0; i++)
        r = join(load, &clients[i]);
    return r < 0 ? r : sd_event_loop(load->event);
}

static int measure(struct load *load, unsigned count)
{
    struct client *clients = calloc(count, sizeof(*clients));
    int r;

    if (!clients)
        return -ENOMEM;
    r = sd_event_new(&load->event);
    if (r >= 0)
        r = run(load, clients, count);
    for (unsigned i = 0; i < count; i++)
        sd_bus_close_unref(clients[i].bus);
    free(clients);
    sd_event_unref(load->event);
    return r;
}

int main(int argc, char **argv)
{
    _cleanup_(samples_clear) struct samples done = {};
    struct load load = {};
    uint64_t begin = now_nsec();
    int r;

    if (argc != 3) {
        fputs("usage: bench-dbus-load CLIENTS REQUESTS\n", stderr);
        return 2;
    }
    load.left = strtoul(argv[2], NULL, 10);
    r = measure(&load, strtoul(argv[1], NULL, 10));
    done = load.samples;
    if (r < 0) {
        fprintf(stderr, "bench-dbus-load: %s\n", strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(
            json_pack("{s:o, s:I, s:f, s:i}", "latency", samples_summary(&done), "answers",
                    (json_int_t)load.answers, "seconds", (now_nsec() - begin) / 1e9, "refused", 0));
}
