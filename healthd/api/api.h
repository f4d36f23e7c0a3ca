/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What healthd answers on its socket. */

#include <systemd/sd-event.h>

#include "apply.h"
#include "memory.h"
#include "queues.h"
#include "registry.h"
#include "unbox/ipc.h"
#include "units.h"

#define API_PATH "/run/unbox/healthd.sock"

/* So many may read the journal at the same time. */
#define API_READINGS_MAX 4

struct reading;
struct diagnostics;
struct timedate_question;

/* The handlers' userdata; borrowed by the server, so it has to live as long. */
struct api {
    struct units *units;
    struct memory *memory;
    struct apply *apply;
    struct bus *bus;
    struct registry *registry;
    struct queues *queues;
    sd_event *event; /* borrowed, from api_serve() on */
    struct reading *readings[API_READINGS_MAX];
    struct diagnostics *diagnostics; /* while they are gathered */
    struct timedate_question *timedate;
};

/* Begins to answer. 0 or a negative errno; free with unbox_ipc_server_free(), after the units. */
int api_serve(sd_event *event, struct api *api, struct unbox_ipc_server **ret);

/* Gives up what it is still working on, and says so; before the server is freed. */
void api_done(struct api *api);

/* The methods that have files of their own. */
int api_get_system(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_get_logs(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_factory_reset(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_diagnostics(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_reboot(struct unbox_ipc_call *call, json_t *params, void *userdata);

void api_stop_reading(struct api *api);
