/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What runs in the event loop beside NetworkManager: GLib as a guest, and children. */

#include <glib.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>

#include "child.h"
#include "glib-loop.h"

struct result {
    sd_event *event;
    int status;
    char output[256];
};

static int make_event(void **state)
{
    sd_event *event = NULL;
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    assert_true(sd_event_new(&event) >= 0);
    *state = event;
    return 0;
}

static int free_event(void **state)
{
    sd_event_unref(*state);
    return 0;
}

static void on_done(int status, char *output, void *userdata)
{
    struct result *result = userdata;

    result->status = status;
    snprintf(result->output, sizeof(result->output), "%s", output);
    sd_event_exit(result->event, 0);
}

static struct result run(sd_event *event, const char *const *argv, uint64_t timeout_usec)
{
    struct result result = {.event = event, .status = -1};
    struct child *child;

    assert_int_equal(child_start(event, argv, timeout_usec, on_done, &result, &child), 0);
    assert_int_equal(sd_event_loop(event), 0);
    return result;
}

static void test_child_speaks(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "echo out; echo err >&2; exit 3", NULL};
    struct result result = run(*state, argv, 10 * USEC_PER_SEC);

    assert_int_equal(result.status, 3);
    assert_string_equal(result.output, "out\nerr");
}

static void test_child_has_clean_environment(void **state)
{
    const char *argv[] = {"/usr/bin/env", NULL};
    struct result result;

    setenv("SECRET", "1", 1);
    result = run(*state, argv, 10 * USEC_PER_SEC);
    assert_int_equal(result.status, 0);
    assert_null(strstr(result.output, "SECRET"));
    assert_non_null(strstr(result.output, "PATH="));
}

static void test_child_talks_a_lot(void **state)
{
    const char *argv[] = {"/usr/bin/head", "-c", "1000000", "/dev/zero", NULL};

    assert_int_equal(run(*state, argv, 10 * USEC_PER_SEC).status, 0);
}

static void test_child_takes_too_long(void **state)
{
    const char *argv[] = {"/bin/cat", "/dev/zero", NULL};
    struct result result = run(*state, argv, 50 * USEC_PER_MSEC);

    assert_int_equal(result.status, -ETIMEDOUT);
}

static void test_child_is_killed(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "kill -9 $$", NULL};

    assert_int_equal(run(*state, argv, 10 * USEC_PER_SEC).status, -EPROTO);
}

/* What it leaves in the background ends with it, and the pipe that it holds. */
static void test_child_takes_its_group_along(void **state)
{
    const char *argv[] = {"/bin/sh", "-c", "sleep 1000 & echo $!", NULL};
    struct result result = run(*state, argv, 10 * USEC_PER_SEC);
    pid_t pid = atoi(result.output);
    struct pollfd ended = {.events = POLLIN};

    assert_int_equal(result.status, 0);
    assert_true(pid > 1);
    ended.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    /* It ends before whoever adopts it reaps it. */
    if (ended.fd < 0)
        assert_int_equal(errno, ESRCH);
    else
        assert_int_equal(poll(&ended, 1, 5000), 1);
    close_p(&ended.fd);
}

static void test_child_does_not_exist(void **state)
{
    const char *argv[] = {"/nowhere", NULL};
    struct child *child = NULL;

    assert_int_equal(child_start(*state, argv, USEC_PER_SEC, on_done, NULL, &child), -ENOENT);
    assert_null(child);
}

static int look(int output, const char *argument)
{
    dprintf(output, "%s in %d files", argument, fcntl(STDERR_FILENO + 1, F_GETFD) < 0 ? 0 : 1);
    return *argument ? 0 : -ENOENT;
}

static int hang(int output, const char *argument)
{
    return pause();
}

static struct result call(sd_event *event, child_work work, const char *argument, uint64_t timeout)
{
    struct result result = {.event = event, .status = -1};
    struct child *child;

    assert_int_equal(child_call(event, work, argument, timeout, on_done, &result, &child), 0);
    assert_int_equal(sd_event_loop(event), 0);
    return result;
}

static void test_child_of_ours(void **state)
{
    struct result result = call(*state, look, "found", 10 * USEC_PER_SEC);

    assert_int_equal(result.status, 0);
    assert_string_equal(result.output, "found in 0 files");
}

static void test_child_of_ours_fails(void **state)
{
    assert_int_equal(call(*state, look, "", 10 * USEC_PER_SEC).status, ENOENT);
}

static void test_child_of_ours_hangs(void **state)
{
    assert_int_equal(call(*state, hang, "", 50 * USEC_PER_MSEC).status, -ETIMEDOUT);
}

struct guest {
    sd_event *event;
    unsigned timeouts;
    bool idle;
};

static gboolean on_glib_timeout(gpointer userdata)
{
    struct guest *guest = userdata;

    if (++guest->timeouts < 3)
        return G_SOURCE_CONTINUE;
    sd_event_exit(guest->event, 0);
    return G_SOURCE_REMOVE;
}

static gboolean on_glib_idle(gpointer userdata)
{
    ((struct guest *)userdata)->idle = true;
    return G_SOURCE_REMOVE;
}

static gpointer wake_from_thread(gpointer userdata)
{
    g_usleep(5000);
    g_idle_add(on_glib_idle, userdata);
    return NULL;
}

static void test_glib_is_served(void **state)
{
    struct guest guest = {.event = *state};
    struct glib_loop *loop;
    GThread *thread;

    assert_int_equal(glib_loop_new(*state, &loop), 0);
    g_timeout_add(20, on_glib_timeout, &guest);
    thread = g_thread_new("wake", wake_from_thread, &guest);
    assert_int_equal(sd_event_loop(*state), 0);
    assert_int_equal(guest.timeouts, 3);
    assert_true(guest.idle);
    g_thread_join(thread);
    assert_null(glib_loop_free(loop));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_event, free_event)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_child_speaks),
            TEST(test_child_has_clean_environment),
            TEST(test_child_talks_a_lot),
            TEST(test_child_takes_too_long),
            TEST(test_child_is_killed),
            TEST(test_child_takes_its_group_along),
            TEST(test_child_does_not_exist),
            TEST(test_child_of_ours),
            TEST(test_child_of_ours_fails),
            TEST(test_child_of_ours_hangs),
            TEST(test_glib_is_served),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
