/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As bench-pubsub, with signals on the system bus: each receiver has a connection of its own. */

#include <stdio.h>

#include "dbus.h"
#include "samples.h"
#include "util.h"

#define WINDOW 16

struct bus {
    sd_event *event;
    sd_bus *publisher;
    unsigned subscribers;
    unsigned joined;
    size_t messages;
    size_t sent;
    size_t received; /* by all subscribers together */
    uint64_t began;
};

static int publish(struct bus *bus)
{
    int r;

    while (bus->sent < bus->messages &&
            bus->sent * bus->subscribers < bus->received + (size_t)WINDOW * bus->subscribers) {
        r = sd_bus_emit_signal(bus->publisher, RIVAL_PATH, RIVAL_INTERFACE, RIVAL_SIGNAL, "us",
                (uint32_t)bus->sent, "as long as most events are, or so");
        if (r < 0)
            return r;
        bus->sent++;
    }
    return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct bus *bus = userdata;
    int r;

    if (++bus->received == bus->messages * bus->subscribers)
        return sd_event_exit(bus->event, 0);
    r = publish(bus);
    return r < 0 ? sd_event_exit(bus->event, r) : 0;
}

/* The first message goes out when the last one listens. */
static int on_matched(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
    struct bus *bus = userdata;
    int r;

    if (sd_bus_message_is_method_error(m, NULL))
        return sd_event_exit(bus->event, -sd_bus_message_get_errno(m));
    if (++bus->joined < bus->subscribers)
        return 0;
    bus->began = now_nsec();
    r = publish(bus);
    return r < 0 ? sd_event_exit(bus->event, r) : 0;
}

static int join(struct bus *bus, sd_bus **ret)
{
    int r;

    r = sd_bus_open_system(ret);
    if (r < 0)
        return r;
    r = sd_bus_attach_event(*ret, bus->event, 0);
    if (r < 0)
        return r;
    return sd_bus_match_signal_async(*ret, NULL, NULL, RIVAL_PATH, RIVAL_INTERFACE, RIVAL_SIGNAL,
            on_signal, on_matched, bus);
}

static int run(struct bus *bus, sd_bus **subscribers)
{
    int r;

    r = sd_bus_open_system(&bus->publisher);
    if (r >= 0)
        r = sd_bus_attach_event(bus->publisher, bus->event, 0);
    for (unsigned i = 0; i < bus->subscribers && r >= 0; i++)
        r = join(bus, &subscribers[i]);
    return r < 0 ? r : sd_event_loop(bus->event);
}

static int measure(struct bus *bus)
{
    sd_bus **subscribers = calloc(bus->subscribers, sizeof(*subscribers));
    int r;

    if (!subscribers)
        return -ENOMEM;
    r = sd_event_new(&bus->event);
    if (r >= 0)
        r = run(bus, subscribers);
    for (unsigned i = 0; i < bus->subscribers; i++)
        sd_bus_close_unref(subscribers[i]);
    free(subscribers);
    sd_bus_close_unref(bus->publisher);
    sd_event_unref(bus->event);
    return r;
}

int main(int argc, char **argv)
{
    struct bus bus = {};
    int r;

    if (argc != 3) {
        fputs("usage: bench-dbus-signals SUBSCRIBERS MESSAGES\n", stderr);
        return 2;
    }
    bus.subscribers = strtoul(argv[1], NULL, 10);
    bus.messages = strtoul(argv[2], NULL, 10);
    r = measure(&bus);
    if (r < 0) {
        fprintf(stderr, "bench-dbus-signals: %s\n", strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(json_pack("{s:I, s:f}", "messages", (json_int_t)bus.messages, "seconds",
            (now_nsec() - bus.began) / 1e9));
}
