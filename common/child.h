/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A program, or a function, that is run for its result: bounded in time, with a clean environment,
 * in a process group of its own that ends with it, never through a shell. */

#include <stdint.h>
#include <systemd/sd-event.h>

#include "util.h"

struct child;

/*
 * `status` is the exit code, or a negative errno: -ETIMEDOUT, or -EPROTO when a signal ended it.
 * `output` is what it wrote to stdout and stderr, at most 4 KiB, without the last newline. The
 * child is freed before this is called.
 */
typedef void (*child_done)(int status, char *output, void *userdata);

/*
 * Starts argv[0] (an absolute path). SIGCHLD has to be blocked. 0 or a negative errno; with 0
 * `done` is called once, unless it is freed before.
 */
int child_start(sd_event *event, const char *const *argv, uint64_t timeout_usec, child_done done,
        void *userdata, struct child **ret);

/*
 * What it does in a process of its own, because it may hang in the kernel: look at a file whose
 * server is away. Everything else of ours is there as it was, and nothing of it may be touched;
 * only `output` is open. Returns 0 or a negative errno, which becomes the positive `status`.
 */
typedef int (*child_work)(int output, const char *argument);

/* The same for a function of ours instead of a program. */
int child_call(sd_event *event, child_work work, const char *argument, uint64_t timeout_usec,
        child_done done, void *userdata, struct child **ret);

/* Kills it with all of its group. `done` is called as ever, once it is really gone. */
void child_kill(struct child *child);

/* Kills it if it still runs, with all of its group, and waits for its end. Accepts NULL; returns
 * NULL. */
struct child *child_free(struct child *child);

DEFINE_CLEANUP(struct child *, child_free);
