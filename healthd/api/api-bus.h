/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods of the bus and the registry; their userdata is struct api. */

#include "api.h"

int api_publish(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_register_service(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_unregister_service(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_list_services(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_discover(struct unbox_ipc_call *call, json_t *params, void *userdata);

/* healthd is a service, too. `methods`: its own. */
void api_register_self(struct api *api);
