/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a start does about a join that was cut off: by a crash of ours, or with the power. */

#include "nm.h"
#include "paths.h"
#include "ssid.h"

/*
 * Looks for one that an earlier run didn't finish, and takes over its checkpoint. 1 with the
 * network's name when there was one, 0 when not.
 */
int join_recover(const struct paths *paths, struct nm *nm, struct ssid *ret);

/*
 * Ends it: NetworkManager goes back to what was before, unless the network had been `proved`
 * already and is the truth now. Both are borrowed until `done`, which is always called, and with 0.
 */
void join_clean_up(
        const struct paths *paths, struct nm *nm, bool proved, nm_done done, void *userdata);
