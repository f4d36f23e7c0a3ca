/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Factory tab of the page, as `tab` in unbox/service.h: what it shows, and what it offers. */

#include <jansson.h>
#include <time.h>

#include "database.h"

/* The method that answers tab_values(). */
#define TAB_METHOD "get_factory"

/* What the service registers. A new reference, or NULL: out of memory. */
json_t *tab_new(void);

/* What the tab shows now; a new reference in *ret. 0 or a negative errno. */
int tab_values(struct database *database, time_t now, json_t **ret);
