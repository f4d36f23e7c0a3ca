/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A phone's connection, given to the program that wants it. */

/*
 * Passes `fd` (kept by the caller) on to whoever listens on the socket of `profile`, with the path
 * of the device. Never blocks. 0; -ENOENT or -ECONNREFUSED: nobody listens; or a negative errno.
 */
int bluetooth_hand_over(const char *profile, const char *device, int fd);
