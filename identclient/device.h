/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the hardware says of itself: its serial number and the addresses of its interfaces. */

/*
 * The serial number: from the device tree, else from DMI, else `configured` (may be ""). The DMI
 * one is readable for root only; the unit hands it over as the credential "dmi-serial"
 * (`credentials` is $CREDENTIALS_DIRECTORY, or NULL). What vendors put there when they have none
 * ("Default string", …) is passed over. `sysfs` is "/sys" but in tests.
 *
 * Returns 0, -ENODATA when there is none, or another negative errno. *ret is the caller's,
 * *ret_source is static and says where it was found.
 */
int device_serial(const char *sysfs, const char *credentials, const char *configured, char **ret,
        const char **ret_source);

/* The hardware address of an interface, lower case. -ENOENT when there is no such interface. */
int device_mac(const char *sysfs, const char *interface, char **ret);
