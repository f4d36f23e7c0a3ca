/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods that concern the hotspot and the country; `userdata` is the network. */

#include "unbox/ipc.h"

int api_hotspot(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_hotspot_label(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_country(struct unbox_ipc_call *call, json_t *params, void *userdata);
