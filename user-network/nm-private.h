/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files that wrap libnm share. Nobody else includes it. */

#include <libnm/NetworkManager.h>

#include "nm.h"

struct nm {
    const char *radio_name;
    const char *wire_name;
    struct nm_events events;
    void *userdata;
    GCancellable *cancel; /* of every call: nm_free() pulls it */
    NMClient *client;     /* NULL until it is made */
    NMDevice *radio;      /* NULL when there is none */
    NMDevice *wire;
    guint failed_signal; /* subscription to the radio's StateChanged */
    char *checkpoint;
    char *hostname; /* as it was last asked for */
};

/* A call that is under way. */
struct nm_call {
    struct nm *nm; /* valid unless the call was cancelled */
    nm_done done;
    void *userdata;
};

/* Never fails: GLib aborts without memory, and so may we beside it. */
struct nm_call *nm_call_new(struct nm *nm, nm_done done, void *userdata);

/* Turns `error` into ours, calls back unless it was cancelled, frees the call. `error` is freed. */
void nm_call_end(struct nm_call *call, GError *error);

/* The same for a call that can't even begin; calls back before it returns. */
void nm_call_refuse(struct nm_call *call, int error, const char *message);

/* A negative errno for a GError, and 0 for none. */
int nm_error(const GError *error);
