/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The IPC end to end: a real server and a real client, or a bare socket, in one event loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "test-ipc.h"
#include "unbox/ipc.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_ipc_server *, unbox_ipc_server_free);
DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
    struct unbox_ipc_call *held; /* of the method `hold`, answered by the test */
    unsigned audits;
};

/* What a client was told. */
struct outcome {
    bool done;
    int error;
    json_t *result;
    char code[32];
};

static int echo(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply(call, json_incref(params));
}

static int hold(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    ((struct fixture *)userdata)->held = call;
    return 0;
}

static int broken(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return -EIO;
}

/* Of what somebody else wrote, cut in the middle of a character. */
static int complain(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply_error(call, "COMPLAINT", "caf%s", "\xc3");
}

static int large(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    char text[UNBOX_IPC_LINE_MAX / 2];

    memset(text, 'x', sizeof(text));
    return unbox_ipc_reply(call, json_stringn(text, sizeof(text)));
}

static const struct unbox_ipc_method methods[] = {
        {"echo", "Gives back its params.", UNBOX_IPC_READ, false, echo},
        {"hold", "Answers when the test says so.", UNBOX_IPC_OPERATE, false, hold},
        {"broken", "Always fails.", UNBOX_IPC_READ, false, broken},
        {"complain", "Fails with what is no text.", UNBOX_IPC_READ, false, complain},
        {"large", "Half a line long.", UNBOX_IPC_READ, false, large},
        {},
};

static void on_audit(const struct unbox_ipc_call *call, void *userdata)
{
    struct fixture *fixture = userdata;

    assert_string_equal(unbox_ipc_call_method(call), "hold");
    assert_int_equal(unbox_ipc_call_pid(call), getpid());
    assert_int_equal(unbox_ipc_call_uid(call), getuid());
    fixture->audits++;
}

static void start_server(struct fixture *fixture)
{
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "test",
            .version = "1",
            .description = "A test.",
            .methods = methods,
            .audit = on_audit,
            .userdata = fixture,
    };

    assert_int_equal(unbox_ipc_server_new(fixture->event, &options, &fixture->server), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-ipc-%d", getpid());
    assert_int_equal(sd_event_new(&fixture->event), 0);
    start_server(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    unbox_ipc_server_free(fixture->server);
    sd_event_unref(fixture->event);
    assert_int_equal(access(fixture->path, F_OK), -1);
    free(fixture);
    return 0;
}

static void on_reply(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct outcome *outcome = userdata;

    assert_false(outcome->done);
    outcome->done = true;
    outcome->error = error;
    outcome->result = json_incref(result);
    snprintf(outcome->code, sizeof(outcome->code), "%s", code ?: "");
}

static struct unbox_ipc_client *make_client(struct fixture *fixture)
{
    struct unbox_ipc_client *client = NULL;

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    return client;
}

static void test_call(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = make_client(fixture);
    struct outcome outcome = {};

    assert_int_equal(unbox_ipc_client_call(client, "echo", json_pack("{s:i}", "a", 1), USEC_PER_SEC,
                             on_reply, &outcome),
            0);
    run_until(fixture->event, outcome.done);
    assert_int_equal(outcome.error, 0);
    assert_int_equal(json_integer_value(json_object_get(outcome.result, "a")), 1);
    json_decref(outcome.result);
}

static void expect_code(struct fixture *fixture, const char *method, const char *code)
{
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = make_client(fixture);
    struct outcome outcome = {};

    assert_int_equal(
            unbox_ipc_client_call(client, method, NULL, USEC_PER_SEC, on_reply, &outcome), 0);
    run_until(fixture->event, outcome.done);
    assert_int_equal(outcome.error, -EREMOTEIO);
    assert_string_equal(outcome.code, code);
}

static void test_errors(void **state)
{
    expect_code(*state, "broken", UNBOX_IPC_INTERNAL_ERROR);
    expect_code(*state, "none", UNBOX_IPC_UNKNOWN_METHOD);
}

static void test_out_of_order_and_audit(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = make_client(fixture);
    struct outcome held = {}, quick = {};

    assert_int_equal(
            unbox_ipc_client_call(client, "hold", NULL, 5 * USEC_PER_SEC, on_reply, &held), 0);
    assert_int_equal(
            unbox_ipc_client_call(client, "ping", NULL, USEC_PER_SEC, on_reply, &quick), 0);
    run_until(fixture->event, quick.done);
    assert_string_equal(json_string_value(quick.result), "pong");
    assert_false(held.done);
    unbox_ipc_reply(fixture->held, json_true());
    run_until(fixture->event, held.done);
    assert_true(json_is_true(held.result));
    assert_int_equal(fixture->audits, 1);
    json_decref(quick.result);
}

static void test_timeout_and_late_answer(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = make_client(fixture);
    struct outcome held = {}, next = {};

    assert_int_equal(
            unbox_ipc_client_call(client, "hold", NULL, 10 * USEC_PER_MSEC, on_reply, &held), 0);
    run_until(fixture->event, held.done);
    assert_int_equal(held.error, -ETIMEDOUT);
    assert_string_equal(held.code, UNBOX_IPC_TIMEOUT);
    /* On a busy machine the server gets to it only now. */
    run_until(fixture->event, fixture->held);
    unbox_ipc_reply(fixture->held, json_true());
    assert_int_equal(unbox_ipc_client_call(client, "ping", NULL, USEC_PER_SEC, on_reply, &next), 0);
    run_until(fixture->event, next.done);
    assert_int_equal(next.error, 0);
    json_decref(next.result);
}

static void test_answer_to_one_who_has_gone(void **state)
{
    struct fixture *fixture = *state;
    struct unbox_ipc_client *client = make_client(fixture);
    struct outcome outcome = {};

    assert_int_equal(
            unbox_ipc_client_call(client, "hold", NULL, USEC_PER_SEC, on_reply, &outcome), 0);
    while (!fixture->held)
        assert_true(sd_event_run(fixture->event, USEC_PER_SEC) >= 0);
    client = unbox_ipc_client_free(client);
    assert_true(sd_event_run(fixture->event, USEC_PER_SEC) >= 0);
    unbox_ipc_reply(fixture->held, json_true());
    assert_false(outcome.done);
}

static void test_server_gone_and_back(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = make_client(fixture);
    struct outcome first = {}, second = {}, third = {};

    assert_int_equal(
            unbox_ipc_client_call(client, "ping", NULL, USEC_PER_SEC, on_reply, &first), 0);
    run_until(fixture->event, first.done);
    fixture->server = unbox_ipc_server_free(fixture->server);
    assert_int_equal(
            unbox_ipc_client_call(client, "ping", NULL, USEC_PER_SEC, on_reply, &second), 0);
    run_until(fixture->event, second.done);
    assert_true(second.error == -ENOENT || second.error == -ECONNRESET);
    start_server(fixture);
    assert_int_equal(
            unbox_ipc_client_call(client, "ping", NULL, USEC_PER_SEC, on_reply, &third), 0);
    run_until(fixture->event, third.done);
    assert_int_equal(third.error, 0);
    json_decref(first.result);
    json_decref(third.result);
}

/* Turns the loop until a whole line has come, or the end ("" then). */
static void read_line(struct fixture *fixture, int fd, char *line, size_t size)
{
    size_t n = 0;

    for (unsigned turns = 0; turns < 1000; turns++) {
        ssize_t got = recv(fd, line + n, 1, 0);

        if (got == 0 || (got > 0 && line[n] == '\n')) {
            line[n] = '\0';
            return;
        }
        if (got > 0 && ++n < size - 1) {
            turns = 0;
            continue;
        }
        assert_true(sd_event_run(fixture->event, 10 * USEC_PER_MSEC) >= 0);
    }
    fail_msg("no line");
}

static void test_bad_lines_are_answered(void **state)
{
    static const struct {
        const char *line;
        const char *code;
    } cases[] = {
            {"garbage\n", UNBOX_IPC_PARSE_ERROR},
            {"\n", UNBOX_IPC_PARSE_ERROR},
            {"\xff\xfe\n", UNBOX_IPC_PARSE_ERROR},
            {"[]\n", UNBOX_IPC_INVALID_REQUEST},
            {"{\"method\":\"ping\"}\n", UNBOX_IPC_INVALID_REQUEST},
            {"{\"id\":[],\"method\":\"ping\"}\n", UNBOX_IPC_INVALID_REQUEST},
            {"{\"id\":1,\"method\":1}\n", UNBOX_IPC_INVALID_REQUEST},
            {"{\"id\":1,\"id\":2,\"method\":\"ping\"}\n", UNBOX_IPC_PARSE_ERROR},
            {"{\"id\":1,\"method\":\"ping\",\"params\":[]}\n", UNBOX_IPC_INVALID_PARAMS},
    };
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);
    char line[256];

    for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
        assert_int_equal(send(fd, cases[i].line, strlen(cases[i].line), 0), strlen(cases[i].line));
        read_line(fixture, fd, line, sizeof(line));
        assert_non_null(strstr(line, cases[i].code));
    }
    assert_true(send(fd, "{\"id\":\"x\",\"method\":\"ping\"}\n", 27, 0) == 27);
    read_line(fixture, fd, line, sizeof(line));
    assert_string_equal(line, "{\"id\":\"x\",\"result\":\"pong\"}");
}

static void test_long_line_ends_the_connection(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);
    char block[4096], line[256];
    size_t sent = 0;

    memset(block, 'x', sizeof(block));
    while (sent <= UNBOX_IPC_LINE_MAX) {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL);

        if (n > 0)
            sent += n;
        assert_true(sd_event_run(fixture->event, 0) >= 0);
    }
    read_line(fixture, fd, line, sizeof(line));
    assert_non_null(strstr(line, UNBOX_IPC_INVALID_REQUEST));
    read_line(fixture, fd, line, sizeof(line));
    assert_string_equal(line, "");
}

static void test_one_who_never_reads_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);
    bool dropped = false;

    for (unsigned i = 0; i < 1000 && !dropped; i++) {
        dropped = send(fd, "{\"id\":1,\"method\":\"large\"}\n", 26, MSG_NOSIGNAL) < 0 &&
                  errno == EPIPE;
        assert_true(sd_event_run(fixture->event, 0) >= 0);
    }
    assert_true(dropped);
}

static void expect_pong(struct fixture *fixture, int fd)
{
    char line[256];

    assert_true(send(fd, "{\"id\":7,\"method\":\"ping\"}\n", 25, 0) == 25);
    read_line(fixture, fd, line, sizeof(line));
    assert_string_equal(line, "{\"id\":7,\"result\":\"pong\"}");
}

static void test_an_error_that_is_no_text(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);
    char line[256];

    assert_true(send(fd, "{\"id\":1,\"method\":\"complain\"}\n", 29, 0) == 29);
    read_line(fixture, fd, line, sizeof(line));
    assert_string_equal(line, "{\"id\":1,\"error\":{\"code\":\"COMPLAINT\",\"message\":\"caf?\"}}");
    expect_pong(fixture, fd);
}

/* Who waits for a descriptor is not a reason to do nothing else. */
static void test_no_descriptor_is_left(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);
    struct rlimit before, none;
    unsigned turns = 0;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){fd + 1, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    while (sd_event_run(fixture->event, 100 * USEC_PER_MSEC) > 0)
        assert_true(turns++ < 10);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_pong(fixture, fd);
}

static void test_socket_mode(void **state)
{
    struct fixture *fixture = *state;
    struct stat st;

    assert_int_equal(stat(fixture->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
}

static void test_sync_call_without_server(void **state)
{
    _cleanup_free_ char *code = NULL, *message = NULL;
    json_t *result = NULL;

    assert_int_equal(unbox_ipc_call_sync("/tmp/unbox-test-nowhere", "ping", NULL, USEC_PER_SEC,
                             &result, &code, &message),
            -ENOENT);
    assert_string_equal(message, "/tmp/unbox-test-nowhere: No such file or directory");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_call),
            TEST(test_errors),
            TEST(test_out_of_order_and_audit),
            TEST(test_timeout_and_late_answer),
            TEST(test_answer_to_one_who_has_gone),
            TEST(test_server_gone_and_back),
            TEST(test_bad_lines_are_answered),
            TEST(test_long_line_ends_the_connection),
            TEST(test_one_who_never_reads_is_dropped),
            TEST(test_an_error_that_is_no_text),
            TEST(test_no_descriptor_is_left),
            TEST(test_socket_mode),
            cmocka_unit_test(test_sync_call_without_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
