/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Numbers of the device and of each unit, asked for when somebody wants them. */

#include <jansson.h>

#include "unbox/ipc.h"
#include "units.h"

/*
 * Answers get_metrics, which has no parameters, once systemd has told what the units use:
 * {"device":{…},"units":{name:{…}}}. A number that nobody knows is left out. As a method's handler
 * returns.
 */
int metrics_get(struct unbox_ipc_call *call, struct units *units);
