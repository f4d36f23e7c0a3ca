/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* timedated refuses to set the clock while NTP is on, so this needs CAP_SYS_TIME and does it. */

#include "clock.h"

#include <errno.h>

/* The way of the answer is no reason to touch a clock that is right. */
#define TOLERANCE_SEC 2

int clock_raise(int64_t server_time)
{
    const struct timespec wanted = {.tv_sec = server_time};

    if (time(NULL) + TOLERANCE_SEC >= server_time)
        return 0;
    return clock_settime(CLOCK_REALTIME, &wanted) < 0 ? -errno : 1;
}

time_t clock_now(int64_t server_time)
{
    time_t now = time(NULL);

    return now > server_time ? now : server_time;
}
