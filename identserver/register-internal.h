/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the register share. */

#include "database.h"

/* Ends a transaction: commits when `r` is 0, takes everything back otherwise. Returns `r`, or the
 * commit's negative errno. */
int register_finish(struct database *database, int r);
