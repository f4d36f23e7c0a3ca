/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* NetworkManager, as far as a change of the wire needs it. Calls end as those of nm.h do. */

#include "nm.h"

/* The profile that a fixed address is tried with, found again after a restart of ours. */
#define NM_WIRE_UUID "6d1f5b0c-5a0e-4b1e-9d38-2f6f2a5c7b03"

struct nm_wire_use {
    bool up;                  /* its profile is active, and has its addresses */
    char profile[37];         /* UUID of the one that is active or being activated; "" for none */
    const char *profile_file; /* where it is stored, or NULL; borrowed, until the loop goes on */
};

void nm_look_wire_use(const struct nm *nm, struct nm_wire_use *ret);

/* Activates a keyfile that netplan made on the wire, as a profile that nobody stores and that is
 * gone when it ends. -EINVAL when NetworkManager can't use it. */
void nm_wire_try(struct nm *nm, const char *keyfile, size_t size, nm_done done, void *userdata);

/* Activates the profile stored in this file, which is loaded already; -ENOENT when it isn't. */
void nm_wire_activate(struct nm *nm, const char *file, nm_done done, void *userdata);

/* The wire's checkpoint, beside the radio's; see nm_checkpoint_create() and the others. */
void nm_wire_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata);
const char *nm_wire_checkpoint(const struct nm *nm);
int nm_wire_checkpoint_adopt(struct nm *nm, const char *path);
void nm_wire_checkpoint_forget(struct nm *nm);
void nm_wire_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata);
void nm_wire_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata);
