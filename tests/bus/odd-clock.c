/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Preloaded into a daemon, it gives it a clock of the test's: the time of day is off, may be set
 * like a device's own, and days may pass in seconds. Nobody else's clock is touched.
 *
 * $ODD_CLOCK is a file of four numbers (int64): seconds by which the time of day is off, how many
 * seconds of the daemon's one second of ours is, the time of day when the daemon last looked, and
 * since when its seconds are so long (ns of our CLOCK_BOOTTIME). The first may change at any time,
 * on either side; the second and the last by the test, once.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define NSEC 1000000000LL
#define DESCRIPTORS 1024

static struct {
    volatile int64_t offset;
    volatile int64_t scale;
    volatile int64_t seen;
    volatile int64_t begin;
} none = {0, 1, 0, 0}, *odd = (void *)&none;
static int64_t begin_boot, begin_real;
static char is_boot_timer[DESCRIPTORS];

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    (void)syscall(SYS_clock_gettime, clock, &now);
    return now.tv_sec * NSEC + now.tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ODD_CLOCK");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = MAP_FAILED;

    if (fd >= 0)
        map = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (map != MAP_FAILED)
        odd = map;
    begin_boot = read_clock(CLOCK_BOOTTIME);
    begin_real = read_clock(CLOCK_REALTIME);
    odd->begin = begin_boot;
}

static int64_t boot_now(void)
{
    return odd->begin + (read_clock(CLOCK_BOOTTIME) - odd->begin) * odd->scale;
}

static int64_t real_now(void)
{
    return begin_real + odd->offset * NSEC + boot_now() - begin_boot;
}

static struct timespec to_timespec(int64_t nsec)
{
    return (struct timespec){.tv_sec = nsec / NSEC, .tv_nsec = nsec % NSEC};
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret)
{
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        *ret = to_timespec(real_now());
        return 0;
    case CLOCK_BOOTTIME:
        *ret = to_timespec(boot_now());
        return 0;
    default:
        return syscall(SYS_clock_gettime, clock, ret);
    }
}

EXPORT time_t time(time_t *ret)
{
    time_t now = real_now() / NSEC;

    odd->seen = now;
    if (ret)
        *ret = now;
    return now;
}

EXPORT int gettimeofday(struct timeval *ret, void *zone)
{
    int64_t now = real_now();

    *ret = (struct timeval){.tv_sec = now / NSEC, .tv_usec = now % NSEC / 1000};
    return 0;
}

EXPORT int clock_settime(clockid_t clock, const struct timespec *wanted)
{
    if (clock != CLOCK_REALTIME) {
        errno = EINVAL;
        return -1;
    }
    odd->offset += wanted->tv_sec - real_now() / NSEC;
    return 0;
}

/* Nobody keeps this clock right. */
EXPORT int adjtimex(struct timex *state)
{
    *state = (struct timex){.status = STA_UNSYNC};
    return TIME_ERROR;
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
    int fd = syscall(SYS_timerfd_create, clock, flags);

    if (fd >= 0 && fd < DESCRIPTORS)
        is_boot_timer[fd] = clock == CLOCK_BOOTTIME;
    return fd;
}

/* What is set is a moment of the daemon's; it comes at ours. */
EXPORT int timerfd_settime(
        int fd, int flags, const struct itimerspec *wanted, struct itimerspec *ret_old)
{
    struct itimerspec ours = *wanted;
    int64_t moment = wanted->it_value.tv_sec * NSEC + wanted->it_value.tv_nsec;

    if (fd >= 0 && fd < DESCRIPTORS && is_boot_timer[fd] && (flags & TFD_TIMER_ABSTIME) &&
            moment > odd->begin)
        ours.it_value = to_timespec(odd->begin + (moment - odd->begin) / odd->scale);
    return syscall(SYS_timerfd_settime, fd, flags, &ours, ret_old);
}
