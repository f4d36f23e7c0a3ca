/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The methods that apply the product's configuration. */

#include "unbox/ipc.h"

/* Handlers; their userdata is a struct api. */
int api_apply_config(struct unbox_ipc_call *call, json_t *params, void *userdata);
int api_confirm_config(struct unbox_ipc_call *call, json_t *params, void *userdata);
