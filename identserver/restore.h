/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `identserver --restore`: a backup becomes the database of a bench that has lost its own. */

#include <stdint.h>

#include "crypto.h"

struct restored {
    int64_t revoked; /* certificates that the backup has, and did not know to be revoked */
    int64_t unknown; /* revoked ones that it doesn't have, because they were issued later */
};

/*
 * Puts a copy of `file` into a folder where there is no database. What `list`, the one that the
 * bench published last (NULL: it is lost), says of its certificates holds from now on; see
 * retire_unknown() for what else may have happened since. Power may go at any moment of it: there
 * is a database that all of this was done to, or none. 0, or a negative errno as of
 * database_copy().
 */
int restore_bench(
        const char *directory, const char *file, struct crypto_crl *list, struct restored *ret);
