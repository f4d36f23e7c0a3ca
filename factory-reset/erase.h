/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Erases all that belongs to the customer below `root` ("" for the real one); goes on past a
 * failure, so that as much as possible is gone. Returns 0, or the first failure's negative errno
 * with the path in *ret_failed (freed by the caller).
 */
int erase_customer(const char *root, char **ret_failed);
