/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps count and last reason in one small file; losing it loses nothing but the count. */

#include "tries.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "unbox/store.h"
#include "util.h"

int tries_begin(const char *runtime_directory, struct tries *ret)
{
    _cleanup_json_ json_t *kept = NULL;
    struct tries tries = {.number = 1};
    const char *reason = NULL;
    int number = 0;

    if (runtime_directory) {
        if (asprintf(&tries.path, "%s/tries.json", runtime_directory) < 0)
            return -ENOMEM;
        kept = json_load_file(tries.path, 0, NULL);
        if (kept && json_unpack(kept, "{s:i, s:s}", "tries", &number, "reason", &reason) == 0 &&
                number > 0)
            tries.number = number + 1U;
        tries.last_reason = reason ? strdup(reason) : NULL;
    }
    *ret = tries;
    return 0;
}

bool tries_failed(struct tries *tries, const char *reason)
{
    bool changed = !tries->last_reason || strcmp(tries->last_reason, reason) != 0;
    _cleanup_json_ json_t *kept = NULL;
    _cleanup_free_ char *text = NULL;

    kept = json_pack("{s:i, s:s}", "tries", (int)tries->number, "reason", reason);
    text = kept ? json_dumps(kept, JSON_COMPACT) : NULL;
    if (text && tries->path)
        (void)unbox_store_write(tries->path, text, strlen(text), 0644, -1, -1);
    return changed;
}

void tries_done(struct tries *tries)
{
    free(tries->path);
    free(tries->last_reason);
    *tries = (struct tries){};
}
