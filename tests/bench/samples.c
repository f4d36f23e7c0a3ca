/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Durations, and what is said of them. */

#include "samples.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "util.h"

uint64_t now_nsec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

double own_cpu_usec(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

int samples_add(struct samples *samples, uint64_t nsec)
{
    if (samples->count == samples->allocated) {
        size_t wanted = samples->allocated ? samples->allocated * 2 : 1024;
        uint64_t *values = reallocarray(samples->values, wanted, sizeof(*values));

        if (!values)
            return -ENOMEM;
        samples->values = values;
        samples->allocated = wanted;
    }
    samples->values[samples->count++] = nsec;
    return 0;
}

void samples_clear(struct samples *samples)
{
    free(samples->values);
    *samples = (struct samples){};
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* The nearest rank: a value that was measured, nothing in between. */
static double percentile_usec(const struct samples *samples, unsigned percent)
{
    if (samples->count == 0)
        return 0;
    return samples->values[(samples->count * percent + 99) / 100 - 1] / 1e3;
}

json_t *samples_summary(struct samples *samples)
{
    if (samples->count > 0)
        qsort(samples->values, samples->count, sizeof(*samples->values), compare);
    return json_pack("{s:I, s:f, s:f, s:f}", "count", (json_int_t)samples->count, "p50",
            percentile_usec(samples, 50), "p99", percentile_usec(samples, 99), "max",
            percentile_usec(samples, 100));
}

int print_result(json_t *result)
{
    _cleanup_json_ json_t *owned = result;

    if (!owned || json_dumpf(owned, stdout, JSON_COMPACT) < 0 || putchar('\n') == EOF)
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
