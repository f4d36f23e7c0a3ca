/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The life of a call and of a watch, whoever they concern. */

#include "properties-private.h"

int properties_call_new(sd_event *event, json_t *values, properties_fn done, void *userdata,
        struct properties_call **ret)
{
    _cleanup_(properties_call_free_p) struct properties_call *call = calloc(1, sizeof(*call));
    int r;

    if (!call)
        return -ENOMEM;
    call->values = json_incref(values);
    call->done = done;
    call->userdata = userdata;
    r = peer_bus_new(event, &call->bus);
    if (r < 0)
        return r;
    *ret = STEAL(call);
    return 0;
}

void properties_call_finish(struct properties_call *call, const char *error, json_t *values)
{
    call->done(error, error ? NULL : values, call->userdata);
}

struct properties_call *properties_call_free(struct properties_call *call)
{
    if (!call)
        return NULL;
    peer_bus_free(call->bus);
    json_decref(call->values);
    free(call->path);
    free(call);
    return NULL;
}

struct properties_watch *properties_watch_free(struct properties_watch *watch)
{
    if (!watch)
        return NULL;
    for (size_t i = 0; i < ELEMENTSOF(watch->matches); i++)
        sd_bus_slot_unref(watch->matches[i]);
    free(watch);
    return NULL;
}

const char *properties_find_other(json_t *wanted, json_t *values)
{
    const char *name;
    json_t *value;

    json_object_foreach (wanted, name, value)
        if (!json_equal(json_object_get(values, name), value))
            return name;
    return NULL;
}
