/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bench's wire, which gets its address while the device starts. A connection that is begun
 * before it has one goes out with the address of nobody, and is waited for in vain.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "util.h"

struct wire;

/* `error`: 0: there is an address; -ETIMEDOUT: there was none in time. Called once, never from
 * wire_new(). */
typedef void (*wire_fn)(int error, void *userdata);

/* False as well for an interface that isn't there, and when the kernel can't be asked. */
bool wire_has_address(const char *interface);

/*
 * Waits until `interface` has an IPv4 address, at most `patience_usec` (µs), and calls `done`.
 * `interface` is borrowed. Returns 0 or a negative errno; free `ret` with wire_free(), which waits
 * no longer.
 */
int wire_new(sd_event *event, const char *interface, uint64_t patience_usec, wire_fn done,
        void *userdata, struct wire **ret);
struct wire *wire_free(struct wire *wire);

DEFINE_CLEANUP(struct wire *, wire_free);
