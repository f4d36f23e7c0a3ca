/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the factory gave this device, as far as it is anybody's business. */

#include <stdint.h>

#include "util.h"

struct identity {
    char *serial;
    uint64_t expires_usec; /* wall clock; 0: unknown */
};

/* Reads the current one. 0, or a negative errno with *ret untouched: -ENOENT before the factory. */
int identity_read(struct identity *ret);

void identity_done(struct identity *identity);
