/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A Host header of a stranger's, asked for with a name and without one: what is taken for this
 * device's own is made of nothing but what names and addresses are made of. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct own_name known = {.name = "unbox-7f3a"}, unknown = {};
    _cleanup_free_ char *host = malloc(size + 1);

    if (!host)
        abort();
    memcpy(host, data, size);
    host[size] = '\0';
    if (own_name_is(&known, host)) {
        for (const char *at = host; *at; at++) {
            if (!isalnum((unsigned char)*at) && !strchr(".:[]-", *at))
                abort();
        }
        if (strcasestr(host, ".example"))
            abort();
    }
    /* Nothing that has a top-level domain. */
    if (own_name_is(&unknown, host) && strcasestr(host, ".example"))
        abort();
    return 0;
}
