/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a start does about a join that was cut off: by a crash of ours, or with the power. */

#include "join-record.h"
#include "nm.h"

/* Looks for one that an earlier run didn't finish, and takes over its checkpoint. Whether there was
 * one. */
bool join_recover(const struct paths *paths, struct nm *nm, struct join_record *ret);

/* The caller's to fill and to keep; all is borrowed until `done`, which is called with 0. */
struct join_clean_up {
    const struct paths *paths;
    struct nm *nm;
    nm_done done;
    void *userdata;
};

/*
 * Ends it: NetworkManager goes back to what was before, unless the network had been `proved`
 * already, and what it wanted to install is the truth now.
 */
void join_clean_up(struct join_clean_up *clean_up, bool proved);
