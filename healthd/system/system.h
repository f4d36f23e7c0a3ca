/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the device says of itself. */

#include <jansson.h>
#include <stdint.h>

#include "timedate.h"

/* The static hostname, as it is now; the caller frees it. NULL: out of memory. */
char *system_hostname(void);

uint64_t system_uptime_seconds(void);

/* As in get_system. NULL: out of memory. */
json_t *system_to_json(enum timedate_synchronised synchronised);
