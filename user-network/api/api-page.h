/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The method that concerns the page; `userdata` is the network. */

#include "unbox/ipc.h"

int api_page_label(struct unbox_ipc_call *call, json_t *params, void *userdata);
