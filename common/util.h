/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What every source file of the suite may use and no other project is offered: cleanup on scope
 * exit, and stealing from it. The attribute calls FUNC with a pointer to the variable; the macros
 * below turn the usual "T *thing_free(T *)" into that form.
 */

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

/* To be held until the end of its scope is use enough. */
#define _cleanup_(func) __attribute__((cleanup(func), unused))
#define _printf_(fmt, first) __attribute__((format(printf, fmt, first)))

#define DEFINE_CLEANUP(type, func)                                                                 \
    __attribute__((unused)) static inline void func##_p(type *p)                                   \
    {                                                                                              \
        if (*p)                                                                                    \
            func(*p);                                                                              \
    }                                                                                              \
    struct func##_needs_semicolon

#define STEAL(p)                                                                                   \
    ({                                                                                             \
        __typeof__(p) _stolen = (p);                                                               \
        (p) = NULL;                                                                                \
        _stolen;                                                                                   \
    })

#define STEAL_FD(fd)                                                                               \
    ({                                                                                             \
        int _stolen_fd = (fd);                                                                     \
        (fd) = -1;                                                                                 \
        _stolen_fd;                                                                                \
    })

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))

#define USEC_PER_SEC 1000000ULL
#define USEC_PER_MSEC 1000ULL

static inline void free_p(void *p)
{
    free(*(void **)p);
}

/* False, and an empty `to`, if the text and its NUL don't fit into `size` bytes. */
__attribute__((warn_unused_result)) static inline bool copy_text(
        char *to, size_t size, const char *text)
{
    size_t length = strlen(text);

    if (length >= size) {
        to[0] = '\0';
        return false;
    }
    memcpy(to, text, length + 1);
    return true;
}

/* To a file or the like, which takes as much as there is room for. 0 or a negative errno. */
static inline int write_fully(int fd, const void *data, size_t size)
{
    const char *p = data;

    while (size > 0) {
        ssize_t n = write(fd, p, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        p += n;
        size -= n;
    }
    return 0;
}

static inline void close_p(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

DEFINE_CLEANUP(json_t *, json_decref);
DEFINE_CLEANUP(sd_event *, sd_event_unref);
DEFINE_CLEANUP(sd_event_source *, sd_event_source_disable_unref);
DEFINE_CLEANUP(sd_bus *, sd_bus_close_unref);
DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref);
DEFINE_CLEANUP(sd_bus_slot *, sd_bus_slot_unref);

#define _cleanup_free_ _cleanup_(free_p)
#define _cleanup_close_ _cleanup_(close_p)
#define _cleanup_json_ _cleanup_(json_decref_p)
