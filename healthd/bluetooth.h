/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The Bluetooth profiles that the device offers, by healthd alone: two programs that register the
 * same one are refused by BlueZ, and one that dies takes its profile with it. They are registered
 * when the bus is there, and again whenever bluetoothd comes back. Who answers a connection is
 * another matter: it is handed on, with its descriptor, to whoever listens on the profile's socket
 * (BLUETOOTH_SOCKET with the profile's name), and refused while nobody does.
 *
 * Source: org.bluez.ProfileManager(5), org.bluez.Profile(5).
 */

#include <systemd/sd-bus.h>

#include "util.h"

/*
 * What listens there (SOCK_STREAM) gets one connection for each of a phone's: a line of JSON,
 * {"profile":"android-auto","device":"/org/bluez/hci0/dev_…"}, with the descriptor as SCM_RIGHTS.
 */
#define BLUETOOTH_SOCKET "/run/unbox/bluetooth-%s.sock"

struct bluetooth;

/* With no profile and no bus yet. 0 or a negative errno. */
int bluetooth_new(struct bluetooth **ret);

/* Accepts NULL; returns NULL. */
struct bluetooth *bluetooth_free(struct bluetooth *bluetooth);

DEFINE_CLEANUP(struct bluetooth *, bluetooth_free);

/* Which profiles: names of health.bluetooth_profiles, ended by NULL; not needed afterwards. */
void bluetooth_configure(struct bluetooth *bluetooth, const char *const *profiles);

/* The connection came, or went. What can't be done on it is logged. */
void bluetooth_connected(struct bluetooth *bluetooth, sd_bus *bus);
void bluetooth_disconnected(struct bluetooth *bluetooth);
