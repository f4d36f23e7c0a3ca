/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What belongs on devices' labels: hostname, serial, and the hotspot's name and password as the
 * device will have them, as text and as the code that a phone reads. The hotspot's part is computed
 * from the configuration, which therefore has to say the same here and on the devices.
 */

#include <jansson.h>

#include "database.h"
#include "unbox/config.h"

/* At most so many at a time: a sheet of them. */
#define LABELS_MAX 24

/*
 * Labels of devices that have their identity, ordered by serial, from the one behind `after`.
 * `batch` and `serials` choose; NULL: all. Between several serials are commas or blanks. Each is
 * {"serial","hostname","ssid","password","qr","svg"}. *ret_next is the `after` of the next call, or
 * NULL behind the last; both are the caller's. 0 or a negative errno.
 */
int label_list(struct database *database, const struct unbox_config *config, const char *batch,
        const char *serials, const char *after, json_t **ret, char **ret_next);
