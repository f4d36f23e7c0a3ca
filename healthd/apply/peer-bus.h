/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One conversation with somebody on the system bus, on a connection that lives as long as it does:
 * a call, its answer, the next call.
 */

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "util.h"

struct peer_bus;

/*
 * `error` is 0 with `reply` standing at its begin, or a negative errno (-ENXIO: nobody has that
 * name, and nobody can be started for it; -ENODEV: NetworkManager has no such device) with what is
 * said of it in `message`.
 */
typedef void (*peer_reply_fn)(
        int error, const char *message, sd_bus_message *reply, void *userdata);

/* 0 or a negative errno. */
int peer_bus_new(sd_event *event, struct peer_bus **ret);

/* A call not answered yet is dropped without its callback. Accepts NULL; returns NULL. */
struct peer_bus *peer_bus_free(struct peer_bus *bus);

DEFINE_CLEANUP(struct peer_bus *, peer_bus_free);

/* Prepares a call of `name`; sd_bus_message_append() adds what it needs. 0 or a negative errno. */
int peer_bus_prepare(struct peer_bus *bus, const char *name, const char *path,
        const char *interface, const char *member, sd_bus_message **ret);

/* Sends it. One at a time: the one before has been answered. 0, and `reply` is called exactly once
 * unless the conversation is freed before; or a negative errno. */
int peer_bus_send(
        struct peer_bus *bus, sd_bus_message *message, peer_reply_fn reply, void *userdata);
