/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program from the event loop. It has ended when its exit status is there; what it wrote is
 * read then in one go, so it may write no more than a pipe holds: netplan's complaints are short.
 */

#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#define OUTPUT_MAX 4096

struct child {
    pid_t pid;
    int output; /* the end that we read */
    bool timed_out;
    sd_event_source *exited;
    sd_event_source *timer;
    child_done done;
    void *userdata;
};

struct child *child_free(struct child *child)
{
    if (!child)
        return NULL;
    /* The event source owns the process: it kills and reaps what still runs. */
    sd_event_source_disable_unref(child->exited);
    sd_event_source_disable_unref(child->timer);
    if (child->output >= 0)
        close(child->output);
    free(child);
    return NULL;
}

static int on_exited(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct child *child = userdata;
    child_done done = child->done;
    void *done_userdata = child->userdata;
    char output[OUTPUT_MAX + 1];
    ssize_t size;
    int status;

    status = child->timed_out              ? -ETIMEDOUT
             : info->si_code == CLD_EXITED ? info->si_status
                                           : -EPROTO;
    size = read(child->output, output, OUTPUT_MAX);
    if (size < 0)
        size = 0;
    while (size > 0 && output[size - 1] == '\n')
        size--;
    output[size] = '\0';
    child_free(child);
    done(status, output, done_userdata);
    return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct child *child = userdata;

    child->timed_out = true;
    return sd_event_source_send_child_signal(child->exited, SIGKILL, NULL, 0);
}

static int spawn(const char *const *argv, int output, pid_t *ret)
{
    /* C.UTF-8, so that a name in a complaint is shown as it is. */
    static const char *const environment[] = {
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int r;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    r = posix_spawn(
            ret, argv[0], &actions, &attributes, (char *const *)argv, (char *const *)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

int child_start(sd_event *event, const char *const *argv, uint64_t timeout_usec, child_done done,
        void *userdata, struct child **ret)
{
    _cleanup_(child_free_p) struct child *child = calloc(1, sizeof(*child));
    _cleanup_close_ int output = -1;
    int ends[2];
    int r;

    if (!child)
        return -ENOMEM;
    child->output = -1;
    child->done = done;
    child->userdata = userdata;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    child->output = ends[0];
    output = ends[1];
    r = spawn(argv, output, &child->pid);
    if (r < 0)
        return r;
    r = sd_event_add_child(event, &child->exited, child->pid, WEXITED, on_exited, child);
    if (r < 0) {
        (void)kill(child->pid, SIGKILL);
        (void)waitpid(child->pid, NULL, 0);
        return r;
    }
    r = sd_event_source_set_child_process_own(child->exited, 1);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(
            event, &child->timer, CLOCK_BOOTTIME, timeout_usec, 0, on_timeout, child);
    if (r < 0)
        return r;
    *ret = STEAL(child);
    return 0;
}
