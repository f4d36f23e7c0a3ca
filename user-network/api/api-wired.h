/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods about the wire; see the table in api.c. */

#include "unbox/ipc.h"
#include "util.h"

int api_wired(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_set_wired(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_confirm_wired(struct unbox_ipc_call *call, json_t *params, void *userdata);
