/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods of the durable queues; their userdata is struct api. */

#include "api.h"

int api_queue_send(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_queue_receive(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_queue_ack(struct unbox_ipc_call *call, json_t *params, void *userdata);
