/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the device's network is doing, as one line for a technician and as JSON for the page. */

#include "network.h"

/* The line; the caller frees it. 0 or -ENOMEM. */
int status_summary(struct network *network, uint64_t now_usec, char **ret);

/* The `status` method's answer, or NULL. */
json_t *status_to_json(struct network *network, uint64_t now_usec);

/* The `networks` method's answer, or NULL. */
json_t *status_networks_to_json(struct network *network, uint64_t now_usec);
