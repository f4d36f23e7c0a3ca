/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a disk takes to make so many bytes durable, behind each other in one file, as a write-ahead
 * log grows. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "samples.h"
#include "util.h"

#define SIZE_MAX_BYTES (1024 * 1024)

static int measure(int fd, size_t size, unsigned count, struct samples *samples)
{
    static char data[SIZE_MAX_BYTES];
    int r = 0;

    for (unsigned i = 0; r >= 0 && i < count; i++) {
        uint64_t begun = now_nsec();

        memset(data, (int)i, size);
        if (write(fd, data, size) != (ssize_t)size || fdatasync(fd) < 0)
            return -EIO;
        r = samples_add(samples, now_nsec() - begun);
    }
    return r;
}

int main(int argc, char **argv)
{
    _cleanup_(samples_clear) struct samples samples = {};
    _cleanup_close_ int fd = -1;
    size_t size;
    int r;

    if (argc != 4) {
        fputs("usage: bench-fsync FOLDER BYTES TIMES\n", stderr);
        return 2;
    }
    size = strtoul(argv[2], NULL, 10);
    fd = open(argv[1], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || size > SIZE_MAX_BYTES) {
        fprintf(stderr, "bench-fsync: %s: %s\n", argv[1], strerror(errno));
        return EXIT_FAILURE;
    }
    r = measure(fd, size, strtoul(argv[3], NULL, 10), &samples);
    if (r < 0) {
        fprintf(stderr, "bench-fsync: %s: %s\n", argv[1], strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(samples_summary(&samples));
}
