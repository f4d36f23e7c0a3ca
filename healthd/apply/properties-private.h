/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What those who read and write properties share. */

#include "properties.h"

#define DBUS_PROPERTIES "org.freedesktop.DBus.Properties"

struct properties_call {
    struct peer_bus *bus;
    json_t *values; /* to be written; NULL: to be read */
    size_t next;    /* of those to be written */
    char *path;     /* of the object, once it is known */
    properties_fn done;
    void *userdata;
};

#define PROPERTIES_MATCHES_MAX 3

struct properties_watch {
    sd_bus_slot *matches[PROPERTIES_MATCHES_MAX];
    properties_changed_fn changed;
    void *userdata;
};

/* `values` NULL: to read. 0 or a negative errno. */
int properties_call_new(sd_event *event, json_t *values, properties_fn done, void *userdata,
        struct properties_call **ret);

/* The end; `done` may free the call. */
void properties_call_finish(struct properties_call *call, const char *error, json_t *values);
