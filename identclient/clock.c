/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * timedated refuses to set the clock while NTP is on, so this needs CAP_SYS_TIME and does it. The
 * floor is one file with seconds since 1970 in decimal.
 */

#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>

#include "unbox/store.h"
#include "util.h"

/* The way of the answer is no reason to touch a clock that is right. */
#define TOLERANCE_SEC 2
#define FLOOR_STEP_SEC (60 * 60)
#define FLOOR_SIZE_MAX 32

static time_t real_now(void)
{
    return time(NULL);
}

static int real_set(time_t moment)
{
    const struct timespec wanted = {.tv_sec = moment};

    return clock_settime(CLOCK_REALTIME, &wanted) < 0 ? -errno : 0;
}

const struct clock_ops clock_real = {real_now, real_set};

int clock_raise(const struct clock_ops *ops, int64_t moment)
{
    int r;

    if (ops->now() + TOLERANCE_SEC >= moment)
        return 0;
    r = ops->set(moment);
    return r < 0 ? r : 1;
}

time_t clock_now(const struct clock_ops *ops, int64_t moment)
{
    time_t now = ops->now();

    return now > moment ? now : moment;
}

bool clock_synchronised(void)
{
    struct timex state = {};

    return adjtimex(&state) >= 0 && !(state.status & STA_UNSYNC);
}

static int path_of(const char *directory, char **ret)
{
    if (asprintf(ret, "%s/clock", directory) >= 0)
        return 0;
    *ret = NULL;
    return -ENOMEM;
}

int clock_floor_read(const char *directory, int64_t *ret)
{
    _cleanup_free_ char *path = NULL, *text = NULL;
    long long moment;
    char *end;
    int r;

    r = path_of(directory, &path);
    if (r >= 0)
        r = unbox_store_read(path, FLOOR_SIZE_MAX, &text, NULL);
    if (r < 0)
        return r == -EFBIG ? -ENOENT : r;
    moment = strtoll(text, &end, 10);
    if (end == text || strcmp(end, "\n") != 0 || moment < CLOCK_MIN || moment > CLOCK_MAX)
        return -ENOENT;
    *ret = moment;
    return 0;
}

int clock_floor_raise(const char *directory, int64_t moment)
{
    _cleanup_free_ char *path = NULL;
    char text[FLOOR_SIZE_MAX];
    int64_t kept = 0;
    int r;

    if (moment < CLOCK_MIN || moment > CLOCK_MAX)
        return -ERANGE;
    r = clock_floor_read(directory, &kept);
    if (r < 0 && r != -ENOENT)
        return r;
    if (kept + FLOOR_STEP_SEC > moment)
        return 0;
    r = path_of(directory, &path);
    if (r < 0)
        return r;
    (void)snprintf(text, sizeof(text), "%lld\n", (long long)moment);
    r = unbox_store_write(path, text, strlen(text), 0644, -1, -1);
    return r < 0 ? r : 1;
}
