/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What tells one content of a file from another, whoever wrote it. */

#include <stddef.h>

#include "crypto.h"

/* SHA-256 in lower-case hexadecimal. 0 or a negative errno; -ENOSYS: its module isn't installed. */
int digest_sha256(const void *data, size_t size, char ret[static CRYPTO_SHA256_HEX_SIZE]);
