/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* See digest.c. */

#include "crypto.h"

int digest_module_sha256(const void *data, size_t size, char *ret);

int digest_module_sha256(const void *data, size_t size, char *ret)
{
    return crypto_sha256(data, size, ret);
}
