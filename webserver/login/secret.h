/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Random texts that prove who somebody is, and the digests of them that are kept instead. With
 * GnuTLS, which libmicrohttpd has brought into the process already. */

#include <stdbool.h>

/* 256 bits, in lower-case hexadecimal, with the NUL. */
#define SECRET_SIZE 65

/* A new one. 0, or -EIO when there is no randomness. */
int secret_new(char ret[static SECRET_SIZE]);

/* The SHA-256 of `purpose`, a NUL and `text`, each of at most SECRET_TEXT_MAX bytes. 0, -EINVAL:
 * longer; or -EIO. */
#define SECRET_TEXT_MAX 128
int secret_digest(const char *purpose, const char *text, char ret[static SECRET_SIZE]);

/* Whether two texts are the same, in a time that only their lengths can change. */
bool secret_equal(const char *a, const char *b);
