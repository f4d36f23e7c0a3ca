/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Points in time as they are shown to others. */

#include "timestamp.h"

#include <time.h>

#include "util.h"

uint64_t timestamp_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

void timestamp_format(uint64_t usec, char ret[static TIMESTAMP_SIZE])
{
    time_t seconds = usec / USEC_PER_SEC;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(ret, TIMESTAMP_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        ret[0] = '\0';
}

int timestamp_parse(const char *text, uint64_t *ret)
{
    struct tm tm = {};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    time_t seconds = end && !*end ? timegm(&tm) : -1;

    if (seconds < 0)
        return -EINVAL;
    *ret = seconds * USEC_PER_SEC;
    return 0;
}
