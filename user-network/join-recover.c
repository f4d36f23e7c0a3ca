/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Clears away what a join left that didn't come to its end. */

#include "join-recover.h"

#include "join-record.h"

int join_recover(const struct paths *paths, struct nm *nm, struct ssid *ret)
{
    _cleanup_free_ char *checkpoint = NULL;

    if (join_record_read(paths, ret, &checkpoint) <= 0)
        return 0;
    (void)nm_checkpoint_adopt(nm, checkpoint);
    return 1;
}

struct clean_up {
    const struct paths *paths;
    struct nm *nm;
    nm_done done;
    void *userdata;
};

static void on_trial_deleted(int error, const char *message, void *userdata)
{
    _cleanup_free_ struct clean_up *clean_up = userdata;

    join_record_remove(clean_up->paths);
    clean_up->done(0, NULL, clean_up->userdata);
}

static void on_checkpoint_ended(int error, const char *message, void *userdata)
{
    struct clean_up *clean_up = userdata;

    nm_delete_profile(clean_up->nm, NM_JOIN_UUID, on_trial_deleted, clean_up);
}

void join_clean_up(
        const struct paths *paths, struct nm *nm, bool proved, nm_done done, void *userdata)
{
    struct clean_up *clean_up = malloc(sizeof(*clean_up));

    if (!clean_up) {
        done(0, NULL, userdata);
        return;
    }
    *clean_up = (struct clean_up){.paths = paths, .nm = nm, .done = done, .userdata = userdata};
    /* After a reboot there is no checkpoint, and neither call finds one: that is fine. */
    if (proved)
        nm_checkpoint_destroy(nm, on_checkpoint_ended, clean_up);
    else
        nm_checkpoint_rollback(nm, on_checkpoint_ended, clean_up);
}
