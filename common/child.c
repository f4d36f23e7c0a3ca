/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Runs a program from the event loop. What it writes is read as it comes, so that it never waits
 * for us, and kept as far as it is of interest. It has ended when its exit status is there, and
 * whatever it left running in its process group ends with it.
 */

#include "child.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#define OUTPUT_MAX 4096

struct child {
    pid_t pid;
    int pipe; /* the end that we read */
    char output[OUTPUT_MAX + 1];
    size_t size;
    bool timed_out;
    sd_event_source *readable;
    sd_event_source *exited;
    sd_event_source *timer;
    child_done done;
    void *userdata;
};

void child_kill(struct child *child)
{
    (void)kill(-child->pid, SIGKILL);
}

struct child *child_free(struct child *child)
{
    if (!child)
        return NULL;
    /* Not reaped yet, so the number is still its own: whatever it started goes with it. */
    if (child->exited)
        child_kill(child);
    /* The event source owns the process: it kills and reaps what still runs. */
    sd_event_source_disable_unref(child->exited);
    sd_event_source_disable_unref(child->timer);
    sd_event_source_disable_unref(child->readable);
    if (child->pipe >= 0)
        close(child->pipe);
    free(child);
    return NULL;
}

/* Reads once, for a child that never stops writing must not hold up the loop. As read(). */
static ssize_t read_some(struct child *child)
{
    char buffer[OUTPUT_MAX];
    size_t room = OUTPUT_MAX - child->size;
    ssize_t size;

    size = read(child->pipe, buffer, sizeof(buffer));
    if (size <= 0)
        return size;
    if ((size_t)size < room)
        room = size;
    memcpy(child->output + child->size, buffer, room);
    child->size += room;
    return size;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    return read_some(userdata) == 0 ? sd_event_source_set_enabled(source, SD_EVENT_OFF) : 0;
}

static int on_exited(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct child *child = userdata;
    child_done done = child->done;
    void *done_userdata = child->userdata;
    char output[OUTPUT_MAX + 1];
    int status;

    status = child->timed_out              ? -ETIMEDOUT
             : info->si_code == CLD_EXITED ? info->si_status
                                           : -EPROTO;
    while (child->size < OUTPUT_MAX && read_some(child) > 0)
        ;
    while (child->size > 0 && child->output[child->size - 1] == '\n')
        child->size--;
    child->output[child->size] = '\0';
    memcpy(output, child->output, child->size + 1);
    child_free(child);
    done(status, output, done_userdata);
    return 0;
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct child *child = userdata;

    child->timed_out = true;
    child_kill(child);
    return 0;
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
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    r = posix_spawn(
            ret, argv[0], &actions, &attributes, (char *const *)argv, (char *const *)environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

/* The connections of ours that it inherits would stay open for as long as it hangs. */
_Noreturn static void do_work(child_work work, const char *argument, int output)
{
    (void)setpgid(0, 0);
    if (dup2(output, STDOUT_FILENO) < 0 || close_range(STDERR_FILENO + 1, UINT_MAX, 0) < 0)
        _exit(errno);
    _exit(-work(STDOUT_FILENO, argument));
}

static int fork_off(child_work work, const char *argument, int output, pid_t *ret)
{
    pid_t pid = fork();

    if (pid < 0)
        return -errno;
    if (pid == 0)
        do_work(work, argument, output);
    /* Whoever of both comes first: it may have to be killed before it has done so itself. */
    (void)setpgid(pid, pid);
    *ret = pid;
    return 0;
}

/* One of `argv` and `work`. */
static int launch(sd_event *event, const char *const *argv, child_work work, const char *argument,
        uint64_t timeout_usec, child_done done, void *userdata, struct child **ret)
{
    _cleanup_(child_free_p) struct child *child = calloc(1, sizeof(*child));
    _cleanup_close_ int output = -1;
    int ends[2];
    int r;

    if (!child)
        return -ENOMEM;
    child->pipe = -1;
    child->done = done;
    child->userdata = userdata;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    child->pipe = ends[0];
    output = ends[1];
    /* Ours alone: the child must be able to take writing for granted. */
    if (fcntl(child->pipe, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    r = sd_event_add_io(event, &child->readable, child->pipe, EPOLLIN, on_readable, child);
    if (r < 0)
        return r;
    r = argv ? spawn(argv, output, &child->pid) : fork_off(work, argument, output, &child->pid);
    if (r < 0)
        return r;
    r = sd_event_add_child(event, &child->exited, child->pid, WEXITED, on_exited, child);
    if (r < 0) {
        (void)kill(-child->pid, SIGKILL);
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

int child_start(sd_event *event, const char *const *argv, uint64_t timeout_usec, child_done done,
        void *userdata, struct child **ret)
{
    return launch(event, argv, NULL, NULL, timeout_usec, done, userdata, ret);
}

int child_call(sd_event *event, child_work work, const char *argument, uint64_t timeout_usec,
        child_done done, void *userdata, struct child **ret)
{
    return launch(event, NULL, work, argument, timeout_usec, done, userdata, ret);
}
