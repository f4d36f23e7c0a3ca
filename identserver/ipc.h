/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The operator's side: the methods of /run/unbox/identserver.sock. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "database.h"
#include "unbox/config.h"
#include "unbox/ipc.h"

#define IPC_PATH "/run/unbox/identserver.sock"

struct ipc_options {
    const char *path;
    struct database *database; /* borrowed, as the next one */
    const struct unbox_config *config;
    const char *directory; /* of the database */
    /* After each call that changed the register; `revoked`: a certificate was. */
    void (*changed)(bool revoked, void *userdata);
    void *userdata;
};

/* `options` is borrowed. 0 or a negative errno; free with unbox_ipc_server_free(). */
int ipc_serve(sd_event *event, const struct ipc_options *options, struct unbox_ipc_server **ret);
