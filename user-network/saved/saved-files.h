/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The two files of the customer's networks: the truth under /var/lib, and the copy of it that
 * netplan reads. The truth is written before its copy, and removed before it: whenever the power
 * goes, the next start finds what to do with the copy.
 */

#include <stdbool.h>

#include "paths.h"
#include "saved-version.h"

/*
 * Reads the truth; one that isn't as we write it is put aside. 0 or a negative errno. The caller
 * clears *ret with saved_version_clear().
 */
int saved_files_read(const struct paths *paths, struct saved_version *ret);

/* Makes the copy what the truth says. 0 or a negative errno: then it is missing, or an old one. */
int saved_files_reconcile(const struct paths *paths, const struct saved_version *truth);

/*
 * Writes both, or removes both when `version` has no text. Where the disk of the copy is read-only
 * it does without, and *ret_uncopied says so. 0 or a negative errno.
 */
int saved_files_write(
        const struct paths *paths, const struct saved_version *version, bool *ret_uncopied);
