/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hotspot's name and password, as a device has them, and the code that a phone reads. Both the
 * device and the factory's label take them from here.
 */

#include <stdbool.h>
#include <stddef.h>

#include "unbox/config.h"

#define HOTSPOT_SSID_MAX 32
#define HOTSPOT_PASSWORD_MIN 8
#define HOTSPOT_PASSWORD_MAX 63

struct hotspot_settings {
    char ssid[HOTSPOT_SSID_MAX + 1];
    char password[HOTSPOT_PASSWORD_MAX + 1];
};

/*
 * Replaces %H by `hostname`, %s by the end of `serial`, %% by %. What doesn't fit into `size` bytes
 * is cut, between two characters. Returns whether all has fitted.
 */
bool hotspot_expand(
        const char *pattern, const char *hostname, const char *serial, char *ret, size_t size);

/* Whose hotspot it is; "" for what isn't known. */
struct hotspot_device {
    const char *serial;
    const char *uuid;
    const char *hostname;
};

/*
 * What the configuration means on this device. Never fails, so that there always is a hotspot:
 * *ret_complaint is a static text for the journal when something could not be had as configured,
 * and NULL otherwise.
 */
void hotspot_settings_make(const struct unbox_config *config, const struct hotspot_device *device,
        struct hotspot_settings *ret, const char **ret_complaint);

/*
 * The text of the QR code by which a phone joins: "WIFI:T:WPA;S:…;P:…;;", as ZXing's readers and
 * those of Android and iOS take it. The caller frees *ret. 0 or -ENOMEM.
 */
int hotspot_qr(const struct hotspot_settings *settings, char **ret);
