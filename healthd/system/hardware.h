/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the machine under the device is, and how full and how warm. All of it is JSON null where the
 * kernel doesn't know. */

#include <jansson.h>

/* As the maker calls it: of the device tree, or of the DMI. */
json_t *hardware_model(void);

/* total_bytes and available_bytes, without and with what could be freed. */
json_t *hardware_memory(void);

/* The same for the file system with the device's state, with its path. */
json_t *hardware_disk(void);

/* Of the warmest zone, in degrees Celsius. */
json_t *hardware_temperature(void);
