/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files that wrap libnm share. Nobody else includes it. */

#include <libnm/NetworkManager.h>
#include <net/if.h>

#include "nm.h"

struct nm {
    const char *radio_wanted; /* as configured */
    const char *wire_wanted;
    char radio_name[IF_NAMESIZE]; /* as found */
    char wire_name[IF_NAMESIZE];
    struct nm_events events;
    void *userdata;
    GCancellable *cancel; /* of every call: nm_free() pulls it */
    NMClient *client;     /* NULL until it is made */
    NMDevice *radio;      /* NULL when there is none */
    NMDevice *wire;
    guint failed_signal; /* subscription to the radio's StateChanged */
    char *checkpoint;
    char *wire_checkpoint;
    char *hostname; /* as it was last asked for */
    GSList *calls;  /* those that are under way */
};

/* A call that is under way. */
struct nm_call {
    struct nm *nm; /* valid unless the call was cancelled */
    nm_done done;
    void *userdata;
    char **checkpoint; /* where the path of a new one is kept */
};

/* Never fails: GLib aborts without memory, and so may we beside it. */
struct nm_call *nm_call_new(struct nm *nm, nm_done done, void *userdata);

/* Turns `error` into ours, calls back unless it was cancelled, frees the call. `error` is freed. */
void nm_call_end(struct nm_call *call, GError *error);

/* The same for a call that can't even begin; calls back before it returns. */
void nm_call_refuse(struct nm_call *call, int error, const char *message);

/* Activates the profile that NetworkManager has read from `file` on `device` (NULL: there is none);
 * ends the call. */
void nm_call_activate(struct nm_call *call, NMDevice *device, const char *file);

/* What nm_checkpoint_*() do, on any device; the path is at `place`. They end the call. */
void nm_call_checkpoint(struct nm_call *call, NMDevice *device, char **place, unsigned timeout_sec);
int nm_adopt_checkpoint(char **place, const char *path);
void nm_call_rollback(struct nm_call *call, char **place);
void nm_call_destroy(struct nm_call *call, char **place);

/* A negative errno for a GError, and 0 for none. */
int nm_error(const GError *error);
