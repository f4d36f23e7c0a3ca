/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Going back, from whatever step of a join, to what the device had before. */

#include <string.h>

#include "join-private.h"
#include "unbox/log.h"

static void on_undo_applied(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_UNDOING)
        return;
    if (error < 0)
        unbox_log_errno(LOG_WARNING, error, "NetworkManager's profiles are not as before (%s)",
                message ?: "no reason");
    join_finish(join, join->code);
}

static void on_trial_deleted(int error, const char *message, void *userdata)
{
    struct join *join = userdata;
    int r;

    if (join->step != JOIN_UNDOING)
        return;
    r = join->installed ? saved_apply(join->options.saved, on_undo_applied, join) : -ENOENT;
    if (r < 0)
        join_finish(join, join->code);
}

static void on_rolled_back(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_UNDOING)
        return;
    if (error < 0 && error != -ENOENT)
        unbox_log_errno(LOG_WARNING, error,
                "NetworkManager can't go back to the set-up before (%s)", message ?: "no reason");
    nm_delete_profile(join->options.nm, NM_JOIN_UUID, on_trial_deleted, join);
}

static void on_switched_back(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step == JOIN_UNDOING)
        nm_checkpoint_rollback(join->options.nm, on_rolled_back, join);
}

/* Goes back: the files first, since they are what counts after a power cut, then the radio. */
void join_undo(struct join *join, enum verdict_code code, const char *detail)
{
    int r;

    if (join->step == JOIN_UNDOING)
        return;
    join->code = code;
    free(join->detail);
    join->detail = detail ? strdup(detail) : NULL;
    join->help = sd_event_source_disable_unref(join->help);
    if (join->installed) {
        r = saved_put_back(join->options.saved);
        if (r < 0)
            unbox_log_errno(LOG_ERR, r, "the network before can't be put back");
    }
    join_enter(join, JOIN_UNDOING);
    /* A checkpoint doesn't remember the switch, and can't connect a radio that is off. */
    nm_switch_radio(join->options.nm, true, on_switched_back, join);
}
