/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The checks as others are shown them. */

#include <string.h>

#include "checks-private.h"
#include "timestamp.h"

static const char *const state_names[] = {
        [CHECK_UNKNOWN] = "unknown",
        [CHECK_OK] = "ok",
        [CHECK_FAILING] = "failing",
};

static json_t *to_json(const struct check *check)
{
    char since[TIMESTAMP_SIZE];

    timestamp_format(check->since, since);
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:f}", "type", check->type->name, "target",
            check->target, "state", state_names[check->plan.state], "message", check->message ?: "",
            "since", check->since ? json_string(since) : json_null(), "duration_ms",
            (double)(check->duration_usec / 10) / 100);
}

json_t *checks_to_json(const struct checks *checks, const char *unit)
{
    _cleanup_json_ json_t *array = json_array();

    for (size_t i = 0; i < checks->count; i++)
        if (check_is_of(checks->checks[i], unit) &&
                json_array_append_new(array, to_json(checks->checks[i])) < 0)
            return NULL;
    return STEAL(array);
}

const char *checks_device_state(const struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        if (!checks->checks[i]->unit)
            return checks_trouble(checks, NULL) ? "failing" : "active";
    return NULL;
}

json_t *checks_device_to_json(const struct checks *checks, bool detail)
{
    const char *trouble = checks_trouble(checks, NULL);
    const char *state = checks_device_state(checks);

    if (!state)
        return NULL;
    if (!detail)
        return json_string(state);
    return json_pack("{s:s, s:n, s:i, s:s, s:s, s:o}", "state", state, "since", "restarts", 0,
            "detail", trouble ?: "", "status", "", "checks", checks_to_json(checks, NULL));
}
