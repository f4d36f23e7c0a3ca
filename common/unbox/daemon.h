/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Services for programs that would otherwise run systemctl: made, started, stopped, looked at and
 * removed by asking systemd over D-Bus. systemd manages the processes; nothing here forks, waits or
 * kills.
 *
 * Sources: org.freedesktop.systemd1(5) for the calls, systemd.unit(5), systemd.service(5),
 * systemd.exec(5) and systemd.resource-control(5) for what the settings mean; where a setting has
 * systemd's name, it has its meaning, too. Made for systemd 252 and later.
 *
 * Names are those of units; ".service" may be left out. Whoever isn't root needs polkit's leave
 * (org.freedesktop.systemd1.manage-units, manage-unit-files, reload-daemon); without it the calls
 * end with -EACCES.
 *
 * Every call exists twice. The plain one blocks until systemd has done the work, not merely until
 * it has queued it, and is for programs without an event loop. The one that ends with _async
 * returns at once and tells the end from an sd_event: a daemon uses only these. Either connects to
 * the system bus by itself, and leaves it at the end.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A time limit for whoever has no other idea: more than the 90 s that systemd gives a service to
 * start or to stop. Microseconds. */
#define UNBOX_DAEMON_TIMEOUT_USEC UINT64_C(100000000)

/* Type=, when systemd takes the service for started. */
enum unbox_daemon_type {
    UNBOX_DAEMON_EXEC,    /* its program was executed: the default, for it reports a wrong path */
    UNBOX_DAEMON_NOTIFY,  /* it said READY=1, as unbox_run_ready() does */
    UNBOX_DAEMON_SIMPLE,  /* at once */
    UNBOX_DAEMON_ONESHOT, /* it has ended, and well */
};

/* Restart=, after which end systemd starts it again. */
enum unbox_daemon_restart {
    UNBOX_DAEMON_RESTART_NO,
    UNBOX_DAEMON_RESTART_ON_SUCCESS,
    UNBOX_DAEMON_RESTART_ON_FAILURE,
    UNBOX_DAEMON_RESTART_ON_ABNORMAL,
    UNBOX_DAEMON_RESTART_ON_WATCHDOG,
    UNBOX_DAEMON_RESTART_ON_ABORT,
    UNBOX_DAEMON_RESTART_ALWAYS,
};

/*
 * What a new service is like. Zero, NULL and the first value of an enum mean systemd's default;
 * nothing but `argv` is required. All is borrowed, and for the duration of the call only (of an
 * _async one, too). Lists end with NULL. Texts are UTF-8; one that a unit cannot hold is refused.
 */
struct unbox_daemon_settings {
    const char *description;

    /* The program by its absolute path, and its arguments. They arrive as they are: neither
     * variables ($) nor specifiers (%) are replaced in them. */
    const char *const *argv;
    /* The same for unbox_daemon_reload(): ExecReload=. In its environment is MAINPID. */
    const char *const *reload_argv;
    enum unbox_daemon_type type;
    bool remain_after_exit; /* a oneshot that has ended well counts as active */

    const char *working_directory;  /* absolute */
    const char *const *environment; /* "NAME=value" */
    const char *user;               /* by name or number; NULL: root */
    const char *group;              /* NULL: the user's own */

    /* Limits; 0: none. */
    uint64_t memory_max;   /* bytes */
    uint64_t cpu_quota;    /* percent of one CPU; 200 is two of them, whole */
    uint64_t tasks_max;    /* processes and threads */
    uint64_t limit_nofile; /* open descriptors of each process */

    /* What systemd does when it ends. The watchdog wants WATCHDOG=1 at least so often, which
     * unbox_run_loop() sends. */
    enum unbox_daemon_restart restart;
    uint64_t restart_usec;
    uint64_t start_limit_interval_usec;
    uint64_t start_limit_burst; /* so many starts in that interval, and it stays down */
    uint64_t watchdog_usec;
    uint64_t timeout_start_usec;
    uint64_t timeout_stop_usec;

    /* Other units, with their endings ("network.target"). */
    const char *const *after;
    const char *const *before;
    const char *const *wants;
    const char *const *requires_; /* `requires` is a word of C++ */
    const char *const *binds_to;
    const char *const *part_of;
    const char *const *conflicts;

    /*
     * false: a transient unit. It is started as it is made, for without running it doesn't exist;
     * it is gone when it has ended well, was stopped, or at the next boot. After a failure its
     * state stays, until unbox_daemon_remove().
     *
     * true: a file in /etc/systemd/system, written durably, and enabled, so that it comes with each
     * boot. It isn't started. Only root can do that.
     */
    bool persistent;
    const char *const *wanted_by; /* of a persistent one; NULL: multi-user.target */
};

/*
 * Other limits for a unit that is there: those that a kernel can change under running processes.
 * 0: leave it as it is; UNBOX_DAEMON_UNLIMITED: none.
 */
struct unbox_daemon_limits {
    uint64_t memory_max; /* bytes */
    uint64_t cpu_quota;  /* percent of one CPU */
    uint64_t tasks_max;  /* processes and threads */
};

#define UNBOX_DAEMON_UNLIMITED UINT64_MAX

/* Why a call has failed, for people and for programs. Either is "" when there is nothing to say. */
struct unbox_daemon_error {
    /* The name of the D-Bus error ("org.freedesktop.systemd1.NoSuchUnit"); or how the job ended
     * ("dependency", "canceled", …), and of a failed one how the unit did ("exit-code", "signal",
     * "timeout", "start-limit-hit", …, as its Result=); or the setting that was refused
     * ("Environment"). */
    char code[96];
    char text[256]; /* a sentence, of systemd when it gave one */
};

/* What systemd knows of a unit. Texts that are too long are cut. */
struct unbox_daemon_status {
    char description[128];
    char load_state[16];   /* loaded, masked, bad-setting, … */
    char active_state[16]; /* active, reloading, inactive, failed, activating, deactivating */
    char sub_state[24];    /* running, exited, auto-restart, … */
    char file_state[24];   /* enabled, disabled, static, transient, … or "" */
    char result[24];       /* of its last run: success, exit-code, signal, timeout, watchdog, … */
    char status_text[256]; /* its own STATUS= line */
    uint64_t since_usec;   /* in this active_state since then, of CLOCK_REALTIME; 0: ever */
    pid_t main_pid;        /* 0: it has none */
    int exit_code;     /* of the last main process: CLD_EXITED, CLD_KILLED, …; 0: none ended */
    int exit_status;   /* its exit status, or the signal */
    uint32_t restarts; /* by Restart=, since somebody started it */
    uint64_t memory_bytes; /* UINT64_MAX: not known, e.g. because it doesn't run */
    uint64_t tasks;        /* the same */
    uint64_t cpu_usec;     /* the same; of its processes together */
};

/*
 * The blocking calls, from whatever thread. Each returns 0 or a negative errno, and fills
 * *ret_error in (unless NULL) when it is one. The same for all:
 *
 *   -EINVAL      a name or a setting is wrong, or can't be expressed in a unit
 *   -ENOENT      there is no such unit
 *   -EACCES      not allowed
 *   -EIO         it has failed; ret_error->code says how, the unit's journal says why
 *   -ECANCELED   another job took its place (somebody stopped what was being started)
 *   -ETIMEDOUT   the unit took longer than its own limit, or systemd longer than `timeout_usec`;
 *                in the second case the job goes on
 *   -EHOSTDOWN   there is no system bus, or no systemd on it
 *   -ECONNRESET  it went away; what was asked for may be done or not
 *   -EBUSY       the device is shutting down
 *
 * `timeout_usec` is for the call as a whole, and finite.
 */

/*
 * Makes a service. A persistent one that was made so before gets its new settings (a running one
 * takes them over with its next start). -EEXIST: a unit of that name is there which is somebody
 * else's, or a transient one that still runs or has failed. -ENOEXEC: systemd can't load what was
 * made of the settings. A transient one that could not be started fails as unbox_daemon_start().
 */
int unbox_daemon_create(const char *name, const struct unbox_daemon_settings *settings,
        uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/*
 * Starting what runs and stopping what doesn't is fine, and nothing happens. Start limits don't
 * count these starts. A unit whose condition does not hold isn't started, which is no error:
 * unbox_daemon_get_status() tells.
 */
int unbox_daemon_start(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error);
int unbox_daemon_stop(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/* Starts it if it didn't run. */
int unbox_daemon_restart(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/* -EOPNOTSUPP: it knows no reload. -EIO with the code "invalid": it doesn't run. */
int unbox_daemon_reload(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/*
 * Other limits for a unit that is there, whether it runs or not; a running one has them at once,
 * and what is over one of them has to bear it: too much memory is reclaimed, and when that isn't
 * enough, the kernel kills. They hold until the next boot, also over restarts and over what
 * unbox_daemon_create() says meanwhile; for longer than that make the service anew, too. All of
 * them or none: -EINVAL with the setting's name as the code.
 *
 * Source: SetUnitProperties() in org.freedesktop.systemd1(5).
 */
int unbox_daemon_set_limits(const char *name, const struct unbox_daemon_limits *limits,
        uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/* *ret_status is filled in on success. Units of every kind have one; what only services have is
 * empty for the others. */
int unbox_daemon_get_status(const char *name, uint64_t timeout_usec,
        struct unbox_daemon_status *ret_status, struct unbox_daemon_error *ret_error);

/*
 * Stops what unbox_daemon_create() has made, and removes it: file, enablement, failed state. -EPERM
 * for every other unit, which is left alone.
 */
int unbox_daemon_remove(
        const char *name, uint64_t timeout_usec, struct unbox_daemon_error *ret_error);

/* A call on its way. */
struct unbox_daemon_call;

/*
 * The end of it. `error` is 0 or one of the negative errnos above, with `why`; `status` is not NULL
 * for a successful unbox_daemon_get_status_async() alone. Both are borrowed. It may free the call.
 */
typedef void (*unbox_daemon_done_fn)(int error, const struct unbox_daemon_error *why,
        const struct unbox_daemon_status *status, void *userdata);

/*
 * The same calls for a daemon with a loop. `done` is called exactly once, from `event`, within
 * `timeout_usec`, whatever happens; a negative return (-ENOMEM and the like) means never.
 *
 * Making and removing a persistent service writes one small file, durably, without waiting for the
 * loop; all else is asynchronous.
 *
 * *ret_call is for unbox_daemon_call_free(), which is the caller's duty, before or after the end.
 * With `ret_call` NULL the call frees itself after `done`, and can't be called off.
 */
int unbox_daemon_create_async(sd_event *event, const char *name,
        const struct unbox_daemon_settings *settings, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_start_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_stop_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_restart_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_reload_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_set_limits_async(sd_event *event, const char *name,
        const struct unbox_daemon_limits *limits, uint64_t timeout_usec, unbox_daemon_done_fn done,
        void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_get_status_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);
int unbox_daemon_remove_async(sd_event *event, const char *name, uint64_t timeout_usec,
        unbox_daemon_done_fn done, void *userdata, struct unbox_daemon_call **ret_call);

/*
 * Nobody is told any more. What systemd was asked for, it does; steps not yet asked for are not
 * taken. Accepts NULL; returns NULL.
 */
struct unbox_daemon_call *unbox_daemon_call_free(struct unbox_daemon_call *call);

#ifdef __cplusplus
}
#endif
