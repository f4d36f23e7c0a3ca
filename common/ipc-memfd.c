/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Payloads that don't fit into a line, in memory that nobody can change any more: the reader's
 * checks stay true.
 */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "unbox/ipc.h"
#include "util.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int unbox_ipc_memfd_new(const char *name, const void *data, size_t size)
{
    _cleanup_close_ int fd = -1;
    int r;

    if (size > UNBOX_IPC_PAYLOAD_MAX)
        return -EFBIG;
    fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    r = write_fully(fd, data, size);
    if (r < 0)
        return r;
    /* For readers that read(). */
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return -errno;
    return STEAL_FD(fd);
}

int unbox_ipc_memfd_read(int fd, size_t max, char **ret_data, size_t *ret_size)
{
    _cleanup_free_ char *data = NULL;
    struct stat st;
    size_t done = 0;
    int seals;

    /* What has no seals at all, a file or a pipe, fails here too; the size is asked for after. */
    seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & SEALS) != SEALS)
        return -EPERM;
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((uint64_t)st.st_size > max)
        return -EFBIG;
    data = malloc(st.st_size + 1);
    if (!data)
        return -ENOMEM;
    while (done < (size_t)st.st_size) {
        ssize_t n = pread(fd, data + done, st.st_size - done, done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        done += n;
    }
    data[done] = '\0';
    *ret_data = STEAL(data);
    if (ret_size)
        *ret_size = done;
    return 0;
}
