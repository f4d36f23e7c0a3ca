/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check-work.h"

static void on_ended(int status, char *output, void *userdata)
{
    struct check *check = userdata;
    struct check_work *work = check->data;

    work->child = NULL;
    if (work->abandoned)
        work->abandoned = false;
    else if (status == -ETIMEDOUT)
        check_done(check, CHECK_FAILING, "did not answer in time");
    else if (status < 0)
        check_done(check, CHECK_UNKNOWN, "healthd: who looked at it was killed");
    else
        work->found(check, status, output);
}

int check_work_start(struct check *check)
{
    struct check_work *work = check->data;

    if (work->child) {
        check_done(check, CHECK_FAILING, "does not answer since an earlier look at it");
        return 0;
    }
    return child_call(check->event, work->work, check->target, CHECK_LIMIT_USEC, on_ended, check,
            &work->child);
}

/* To wait for its end could take for ever: it is reaped when it comes. */
void check_work_cancel(struct check *check)
{
    struct check_work *work = check->data;

    if (!work->child)
        return;
    work->abandoned = true;
    child_kill(work->child);
}

void check_work_close(struct check *check)
{
    struct check_work *work = check->data;

    if (work)
        child_free(work->child);
    free(work);
}
