/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a fuzz target over every file of a corpus, so that what a fuzzer once found is an ordinary
 * test in every build, with any compiler. An empty or missing corpus is a failure: it would test
 * nothing.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(int folder, const char *name)
{
    _cleanup_close_ int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ uint8_t *data = NULL;
    struct stat st;
    ssize_t size;

    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    /* Exactly as long as the input, so that the sanitizer sees the first byte read too many. */
    data = malloc(st.st_size ? st.st_size : 1);
    if (!data)
        return -ENOMEM;
    size = read(fd, data, st.st_size);
    if (size != st.st_size)
        return size < 0 ? -errno : -EIO;
    LLVMFuzzerTestOneInput(data, size);
    return 0;
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    struct dirent *entry;
    DIR *corpus;

    corpus = argc == 2 ? opendir(argv[1]) : NULL;
    if (!corpus) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(corpus))) {
        if (entry->d_name[0] == '.')
            continue;
        if (replay(dirfd(corpus), entry->d_name) < 0) {
            fprintf(stderr, "%s/%s can't be read\n", argv[1], entry->d_name);
            return 1;
        }
        count++;
    }
    closedir(corpus);
    printf("%u inputs\n", count);
    return count ? 0 : 1;
}
