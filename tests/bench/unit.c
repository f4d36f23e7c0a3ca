/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A service that does nothing but live: leaves its process id where the bench (and monit) look for
 * it, tells the bench at once that it runs, and waits to be killed.
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "reaction.h"
#include "util.h"

static int write_pid(const char *number)
{
    _cleanup_free_ char *path = NULL;
    FILE *file;

    if (asprintf(&path, RUN_FOLDER "/%s.pid", number) < 0)
        return -ENOMEM;
    file = fopen(path, "we");
    if (!file)
        return -errno;
    fprintf(file, "%d\n", getpid());
    return fclose(file) == 0 ? 0 : -errno;
}

/* Nobody may be listening: most lives are not measured. */
static void tell(const char *number)
{
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = BIRTH_SOCKET};

    (void)sendto(fd, number, strlen(number), MSG_NOSIGNAL | MSG_DONTWAIT,
            (const struct sockaddr *)&address, sizeof(address));
}

int main(int argc, char **argv)
{
    int r = argc == 2 ? write_pid(argv[1]) : -EINVAL;

    if (r < 0) {
        fprintf(stderr, "bench-unit: %s\n", strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    tell(argv[1]);
    for (;;)
        pause();
}
