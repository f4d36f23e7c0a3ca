/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The end of a hostname. Each is one transaction with its entry in the audit, and returns 0; 1 with
 * *ret_refusal (see operator-error.h); or a negative errno.
 */

#include <stdbool.h>
#include <time.h>

#include "database.h"
#include "refusal.h"

/*
 * The name is never given again, and the device that has it is out: its certificates are revoked
 * (*ret_revoked), and its serial gets no others. A name that nobody has yet is merely kept back.
 */
int retire_hostname(struct database *database, const char *hostname, time_t now, bool *ret_revoked,
        struct refusal *ret_refusal);

/* A retired name goes back into its pool, and will be the next one given from it. */
int retire_release(
        struct database *database, const char *hostname, time_t now, struct refusal *ret_refusal);

/*
 * After a backup was put back, whatever happened since it was made is unknown: numbers that may
 * have been given are passed over, tokens that may have been used hold no more, and every batch is
 * closed until an operator has looked.
 */
int retire_unknown(struct database *database, time_t now);
