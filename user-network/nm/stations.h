/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who is on the hotspot. wpa_supplicant knows the stations that are associated, says when one comes
 * or goes, and needs no capability to be asked; leases and ARP entries outlive the phone that left.
 */

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "util.h"

struct stations;

/* `changed` is called when the number may be another one. `interface` is borrowed. 0 or -errno. */
int stations_new(sd_bus *bus, const char *interface, void (*changed)(void *userdata),
        void *userdata, struct stations **ret);

/* Accepts NULL; returns NULL. */
struct stations *stations_free(struct stations *stations);

/* Asks anew, for when the hotspot has just opened. */
void stations_refresh(struct stations *stations);

/* Whether it has been answered: until then there may be somebody. */
bool stations_known(const struct stations *stations);

unsigned stations_count(const struct stations *stations);

DEFINE_CLEANUP(struct stations *, stations_free);
