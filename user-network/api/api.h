/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What others may ask of this daemon on its socket. */

#include "network.h"
#include "unbox/ipc.h"

/* Listens on paths.socket. 0 or a negative errno. */
int api_new(sd_event *event, struct network *network, struct unbox_ipc_server **ret);
