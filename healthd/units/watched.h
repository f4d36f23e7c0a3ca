/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which units the configuration wants to be watched. */

#include "unbox/config.h"
#include "util.h"

/* Those of health.units and health.services, and those that health.checks belong to: names and
 * globs, ended by NULL. The list is the caller's, free(); what it points to is the configuration's.
 * NULL: out of memory.
 */
const char **watched_units(const struct unbox_config *config);
