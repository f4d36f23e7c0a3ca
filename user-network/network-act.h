/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The actions on the network; see network-act.c. */

#include "network.h"

void network_act(struct network *network, enum life_action action);

/* An activation failed with this NMDeviceStateReason while no join went on. */
void network_hotspot_failed(struct network *network, unsigned reason);

/* Ends a saved_apply(); a saved_done. */
void network_profile_made(int error, const char *message, void *userdata);
