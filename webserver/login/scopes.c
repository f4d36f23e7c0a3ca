/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scopes.h"

#include <errno.h>
#include <string.h>

#include "util.h"

static const struct {
    const char *name;
    unsigned scope;
} scopes[] = {
        {"read", SCOPE_READ},
        {"network", SCOPE_NETWORK},
        {"system", SCOPE_SYSTEM},
        {"owner", SCOPE_OWNER},
};

json_t *scopes_to_json(unsigned wanted)
{
    _cleanup_json_ json_t *names = json_array();

    for (size_t i = 0; i < ELEMENTSOF(scopes); i++) {
        if ((wanted & scopes[i].scope) &&
                json_array_append_new(names, json_string(scopes[i].name)) < 0)
            return NULL;
    }
    return STEAL(names);
}

static unsigned find(const char *name)
{
    for (size_t i = 0; name && i < ELEMENTSOF(scopes); i++) {
        if (strcmp(name, scopes[i].name) == 0)
            return scopes[i].scope;
    }
    return 0;
}

int scopes_from_json(const json_t *names, unsigned *ret)
{
    unsigned found = SCOPE_READ, scope;
    json_t *name;
    size_t i;

    if (json_array_size(names) == 0)
        return -EINVAL;
    json_array_foreach ((json_t *)names, i, name) {
        scope = find(json_string_value(name));
        if (!scope)
            return -EINVAL;
        found |= scope;
    }
    *ret = found;
    return 0;
}
