/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Batches: how many devices may be enrolled, which, with what names and settings.
 *
 * Each call is one transaction with its entry in the audit, and returns 0; 1 with *ret_refusal
 * filled (a code of operator-error.h and a sentence for the operator); or a negative errno.
 */

#include <stdbool.h>
#include <time.h>

#include "database.h"
#include "refusal.h"

struct batch_options {
    const char *name; /* of the form of a serial */
    int64_t quota;    /* devices; -1 for batch_change(): as it is */
    int open;         /* 0 or 1; -1 as above; a new one is open */
    int listed;       /* whether only serials of its allow-list may; -1 as above */
    int bundle;       /* whether the bench may make keys (bundle mode); -1 as above */
    /* For the devices; "" says nothing to them. NULL for batch_change(): as it is. */
    const char *country;        /* see country_code_known() */
    const char *cloud_endpoint; /* a host or URL */
    const char *pool;           /* batch_add() only: that is there, or is made with `pattern` */
    const char *pattern;        /* see pool.h; NULL: the pool is there */
};

int batch_add(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal);

/* A quota below what is used already is refused. */
int batch_change(struct database *database, const struct batch_options *options, time_t now,
        struct refusal *ret_refusal);

/* A list of hostnames for a pool, which is made when there is none of that name. All or none. */
int batch_add_names(struct database *database, const char *pool, const char *const *names,
        size_t n_names, time_t now, struct refusal *ret_refusal);
