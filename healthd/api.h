/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What healthd answers on its socket. */

#include <systemd/sd-event.h>

#include "apply.h"
#include "memory.h"
#include "unbox/ipc.h"
#include "units.h"

#define API_PATH "/run/unbox/healthd.sock"

/* The handlers' userdata; borrowed by the server, so it has to live as long. */
struct api {
    struct units *units;
    struct memory *memory;
    struct apply *apply;
};

/* Begins to answer. 0 or a negative errno; free with unbox_ipc_server_free(), after the units. */
int api_serve(sd_event *event, struct api *api, struct unbox_ipc_server **ret);
