/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Clears away what a join left that didn't come to its end. */

#include "join-recover.h"

bool join_recover(const struct paths *paths, struct nm *nm, struct join_record *ret)
{
    if (!join_record_read(paths, ret))
        return false;
    (void)nm_checkpoint_adopt(nm, ret->checkpoint);
    return true;
}

static void on_trial_deleted(int error, const char *message, void *userdata)
{
    struct join_clean_up *clean_up = userdata;

    join_record_remove(clean_up->paths);
    clean_up->done(0, NULL, clean_up->userdata);
}

static void on_checkpoint_ended(int error, const char *message, void *userdata)
{
    struct join_clean_up *clean_up = userdata;

    nm_delete_profile(clean_up->nm, NM_JOIN_UUID, on_trial_deleted, clean_up);
}

void join_clean_up(struct join_clean_up *clean_up, bool proved)
{
    /* After a reboot there is no checkpoint, and neither call finds one: that is fine. */
    if (proved)
        nm_checkpoint_destroy(clean_up->nm, on_checkpoint_ended, clean_up);
    else
        nm_checkpoint_rollback(clean_up->nm, on_checkpoint_ended, clean_up);
}
