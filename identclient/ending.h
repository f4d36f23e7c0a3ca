/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How a try says how it ended: one line for `systemctl status`, and one for the journal. */

/* Returns `code` (enum unbox_exit). */
int ending(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
