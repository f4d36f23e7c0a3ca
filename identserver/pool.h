/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pools of hostnames, usually one a product. A pool gives the names of its list first, then those
 * of its pattern: "KXP2-CORO-###" counts (KXP2-CORO-001; what doesn't fit grows by a digit),
 * "KXP2-{uuid}" takes a random UUID, "" ends with the list. A name is given once, ever, and comes
 * back only by register_release_hostname().
 *
 * All are called within a transaction of the register's, and return 0; 1 with *ret_refusal filled;
 * or a negative errno.
 */

#include <stdbool.h>
#include <time.h>

#include "database.h"
#include "refusal.h"

/* Whether every name of the pattern is a hostname. "" is fine. */
bool pool_pattern_valid(const char *pattern);

/* -EEXIST when there is one of that name. */
int pool_add(struct database *database, const char *name, const char *pattern);

/* Puts a name at the end of the list; refused when it was ever given or stands on a list. */
int pool_add_name(struct database *database, const char *pool, const char *hostname,
        struct refusal *ret_refusal);

/* Gives a serial the next name. The caller frees *ret_hostname. */
int pool_take(struct database *database, const char *pool, const char *serial, time_t now,
        char **ret_hostname, struct refusal *ret_refusal);
