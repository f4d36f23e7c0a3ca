/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* There is memory left: MemAvailable, which is what the kernel thinks that programs could get. */

#include <stdio.h>
#include <string.h>

#include "check.h"

static int meminfo_open(struct check *check, const struct unbox_config_row *row)
{
    int64_t *percent = check->data = malloc(sizeof(*percent));

    if (!percent)
        return -ENOMEM;
    *percent = unbox_config_row_int(row, "min_free_percent");
    check->target = strdup("memory");
    return check->target ? 0 : -ENOMEM;
}

/* In KiB, as proc(5) has it. */
static int read_memory(unsigned long long *ret_total, unsigned long long *ret_available)
{
    FILE *stream = fopen("/proc/meminfo", "re");
    unsigned long long total = 0, available = 0;
    char line[128];
    bool found = false;

    if (!stream)
        return -errno;
    while (!found && fgets(line, sizeof(line), stream)) {
        (void)sscanf(line, "MemTotal: %llu kB", &total);
        found = sscanf(line, "MemAvailable: %llu kB", &available) == 1;
    }
    fclose(stream);
    if (!found || total == 0)
        return -ENODATA;
    *ret_total = total;
    *ret_available = available;
    return 0;
}

static int meminfo_start(struct check *check)
{
    const int64_t *wanted = check->data;
    unsigned long long total = 0, available = 0;
    double percent;
    int r;

    r = read_memory(&total, &available);
    if (r < 0)
        return r;
    percent = 100.0 * available / total;
    if (percent < *wanted)
        check_done(check, CHECK_FAILING, "%.1f %% of %.0f MB free, %lld %% wanted", percent,
                total * 1024 / 1e6, (long long)*wanted);
    else
        check_done(check, CHECK_OK, "%.0f %% free", percent);
    return 0;
}

const struct check_type check_memory = {
        .name = "memory",
        .open = meminfo_open,
        .start = meminfo_start,
};
