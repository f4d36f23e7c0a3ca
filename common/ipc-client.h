/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the asking side share. */

#include "ipc-stream.h"
#include "unbox/ipc.h"

struct pending;
struct ipc_subscription;

struct unbox_ipc_client {
    sd_event *event;
    char *path;
    struct ipc_stream *stream;
    struct pending *pending;
    uint64_t last_id;
    int *offered; /* descriptor of the answer that is being handed over */
    bool *freed;  /* to be set when the client goes in that answer's callback */
    struct ipc_subscription *subscription;
};

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

/* A line that is no answer but an event. */
void ipc_subscription_event(struct ipc_subscription *subscription, json_t *message);

/* The connection has ended; only takes note, and acts from the event loop. */
void ipc_subscription_lost(struct ipc_subscription *subscription, int error);

/* Accepts NULL; returns NULL. */
struct ipc_subscription *ipc_subscription_free(struct ipc_subscription *subscription);
