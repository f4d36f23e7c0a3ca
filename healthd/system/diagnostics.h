/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One document of all that helps somebody far away to see what is wrong with the device, and of
 * nothing secret. */

#include "api.h"

/* Begins to gather, and answers `call` when that is done; unless it returns a negative errno. */
int diagnostics_begin(struct api *api, struct unbox_ipc_call *call);

/* Gives up, and says so to the caller. Accepts NULL; returns NULL. */
struct diagnostics *diagnostics_free(struct diagnostics *diagnostics);
