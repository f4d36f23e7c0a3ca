/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* OpenSSL comes with the first section that is applied: most devices never apply one. */

#include "digest.h"

#include <errno.h>

#include "module.h"

int digest_sha256(const void *data, size_t size, char ret[static CRYPTO_SHA256_HEX_SIZE])
{
    int (*sha256)(const void *data, size_t size, char *ret) =
            module_symbol("digest-module", "digest_module_sha256");

    return sha256 ? sha256(data, size, ret) : -ENOSYS;
}
