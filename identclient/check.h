/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `identclient --check`: whether the identity is whole, item by item, for a technician. */

#include <sys/types.h>

/*
 * Prints one line an item. `serial` is NULL when none was found; `key_mode` is the most that the
 * private key's file may have. Returns 0 when all is well, 1 when
 * something isn't, or a negative errno when it could not look.
 */
int check_identity_folder(const char *directory, const char *serial, mode_t key_mode);
