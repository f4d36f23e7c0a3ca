/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Requests and events that fit into no line, and what else comes with descriptors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "ipc-client.h"
#include "ipc-server.h"
#include "test-ipc.h"
#include "unbox/ipc.h"

#define MIB (1024 * 1024)

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
};

/* Says how long {"text"} is. */
static int count(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply(call, json_integer(json_string_length(json_object_get(params, "text"))));
}

static int setup(void **state)
{
    static const struct unbox_ipc_method methods[] = {
            {"count", "How long {\"text\"} is.", UNBOX_IPC_READ, false, count},
            {},
    };
    static const struct unbox_ipc_topic topics[] = {{"test.*", "What happens.", false}, {}};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "test",
            .version = "1",
            .description = "A test.",
            .methods = methods,
            .topics = topics,
    };

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-sealed-%d", getpid());
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(unbox_ipc_server_new(fixture->event, &options, &fixture->server), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    unbox_ipc_server_free(fixture->server);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

struct outcome {
    bool done;
    int error;
    json_int_t value;
    char code[32];
};

static void on_reply(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct outcome *outcome = userdata;

    outcome->done = true;
    outcome->error = error;
    outcome->value = json_integer_value(result);
    snprintf(outcome->code, sizeof(outcome->code), "%s", code ?: "");
}

static struct outcome ask_for_length(struct fixture *fixture, size_t size)
{
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct outcome outcome = {};

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    assert_int_equal(
            unbox_ipc_client_call(client, "count", json_pack("{s:o}", "text", text_of(size)),
                    5 * USEC_PER_SEC, on_reply, &outcome),
            0);
    run_until(fixture->event, outcome.done);
    return outcome;
}

static void test_params_larger_than_a_line(void **state)
{
    static const size_t sizes[] = {0, UNBOX_IPC_LINE_MAX, MIB, UNBOX_IPC_REQUEST_MAX - 11};
    struct outcome outcome;

    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        outcome = ask_for_length(*state, sizes[i]);
        assert_int_equal(outcome.error, 0);
        assert_int_equal(outcome.value, sizes[i]);
    }
    /* In the line, on its edge, and no longer. */
    for (size_t size = UNBOX_IPC_LINE_MAX - 64; size < UNBOX_IPC_LINE_MAX; size++) {
        outcome = ask_for_length(*state, size);
        assert_int_equal(outcome.error, 0);
        assert_int_equal(outcome.value, size);
    }
}

static void test_params_that_are_too_large(void **state)
{
    struct outcome outcome = ask_for_length(*state, UNBOX_IPC_REQUEST_MAX - 10);

    assert_int_equal(outcome.error, -EREMOTEIO);
    assert_string_equal(outcome.code, UNBOX_IPC_TOO_LARGE);
    outcome = ask_for_length(*state, UNBOX_IPC_PAYLOAD_MAX);
    assert_int_equal(outcome.error, -EFBIG);
}

/* Several at once on one connection, among lines: each with its own. */
static void test_requests_of_all_sizes_at_once(void **state)
{
    static const size_t sizes[] = {100000, 1, 2, 200000, 300000, 3, MIB, 400000};
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct outcome outcomes[ELEMENTSOF(sizes)] = {};

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++)
        assert_int_equal(unbox_ipc_client_call(client, "count",
                                 json_pack("{s:o}", "text", text_of(sizes[i])), 5 * USEC_PER_SEC,
                                 on_reply, &outcomes[i]),
                0);
    for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
        run_until(fixture->event, outcomes[i].done);
        assert_int_equal(outcomes[i].value, sizes[i]);
    }
}

/* `code` NULL: an answer without an error. */
static void expect(struct fixture *fixture, int socket, json_int_t id, const char *code)
{
    int fd;
    _cleanup_json_ json_t *answer = receive_raw(fixture->event, socket, &fd);
    const char *told = json_string_value(json_object_get(json_object_get(answer, "error"), "code"));

    assert_int_equal(fd, -1);
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), id);
    assert_true(id > 0 || json_is_null(json_object_get(answer, "id")));
    if (code)
        assert_string_equal(told, code);
    else
        assert_non_null(json_object_get(answer, "result"));
}

static void expect_alive(struct fixture *fixture, int socket)
{
    send_raw(socket, "{\"id\":99,\"method\":\"ping\"}\n", NULL, 0);
    expect(fixture, socket, 99, NULL);
}

static int unsealed(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(write(fd, "{}", 2), 2);
    return fd;
}

static int device(void)
{
    return open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

#define COUNT "{\"id\":1,\"method\":\"count\",\"sealed\":"

static const struct {
    const char *line;
    const char *payload; /* sealed; or */
    int (*make)(void);
    size_t n;
    const char *code;
} bad[] = {
        {COUNT "2}\n", "{}", NULL, 0, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "2}\n", "{}", NULL, 2, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "2}\n", "{}", NULL, TEST_FDS_MAX, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "3}\n", "{}", NULL, 1, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "1}\n", "{}", NULL, 1, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "2}\n", NULL, unsealed, 1, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "0}\n", NULL, device, 1, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "-1}\n", NULL, NULL, 0, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "\"2\"}\n", NULL, NULL, 0, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "2,\"params\":{}}\n", NULL, NULL, 0, UNBOX_IPC_INVALID_REQUEST},
        {COUNT "9000000000}\n", "{}", NULL, 1, UNBOX_IPC_TOO_LARGE},
        {COUNT "3}\n", "{x}", NULL, 1, UNBOX_IPC_PARSE_ERROR},
        {COUNT "0}\n", "", NULL, 1, UNBOX_IPC_PARSE_ERROR},
        {COUNT "13}\n", "{\"a\":1,\"a\":2}", NULL, 1, UNBOX_IPC_PARSE_ERROR},
        {COUNT "2}\n", "[]", NULL, 1, UNBOX_IPC_INVALID_PARAMS},
        {"{\"id\":1,\"method\":\"none\",\"sealed\":2}\n", "{}", NULL, 1, UNBOX_IPC_UNKNOWN_METHOD},
};

static void test_what_is_not_as_announced(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int socket = connect_raw(fixture->path);
    unsigned before;

    expect_alive(fixture, socket);
    before = open_fds();
    for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
        _cleanup_close_ int fd = -1;
        int fds[TEST_FDS_MAX];

        if (bad[i].payload)
            fd = unbox_ipc_memfd_new("test", bad[i].payload, strlen(bad[i].payload));
        else if (bad[i].make)
            fd = bad[i].make();
        for (size_t j = 0; j < TEST_FDS_MAX; j++)
            fds[j] = fd;
        send_raw(socket, bad[i].line, fds, bad[i].n);
        expect(fixture, socket, 1, bad[i].code);
    }
    expect_alive(fixture, socket);
    assert_int_equal(open_fds(), before);
}

static void test_what_no_line_announces(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int socket = connect_raw(fixture->path), other = connect_raw(fixture->path);
    _cleanup_close_ int stray = unbox_ipc_memfd_new("test", "{\"text\":\"stray\"}", 16);
    _cleanup_close_ int own = unbox_ipc_memfd_new("test", "{\"text\":\"own\"}", 14);

    send_raw(socket, "{\"id\":1,\"method\":\"ping\"}\n", &stray, 1);
    send_raw(socket, COUNT "14}\n", &own, 1);
    expect(fixture, socket, 1, NULL);
    expect(fixture, socket, 0, UNBOX_IPC_INVALID_REQUEST);
    expect(fixture, socket, 1, NULL);

    /* In the middle of a line, and the next line has one of its own. */
    send_raw(socket, "{\"id\":2,", NULL, 0);
    send_raw(socket, "\"method\":", &stray, 1);
    expect_alive(fixture, other);
    send_raw(socket, "\"ping\"}\n", NULL, 0);
    send_raw(socket, COUNT "14}\n", &own, 1);
    expect(fixture, socket, 2, NULL);
    expect(fixture, socket, 0, UNBOX_IPC_INVALID_REQUEST);
    expect(fixture, socket, 1, NULL);
    expect_alive(fixture, socket);
}

static void test_a_flood_of_descriptors(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int socket = connect_raw(fixture->path), other = connect_raw(fixture->path);
    _cleanup_close_ int fd = unbox_ipc_memfd_new("test", "{}", 2);
    unsigned before;

    expect_alive(fixture, other);
    before = open_fds();
    send_raw(socket, "{\"id\":1,", &fd, 1);
    for (unsigned i = 0; i < 300; i++) {
        send_raw(socket, " ", &fd, 1);
        expect_alive(fixture, other);
    }
    assert_in_range(open_fds(), before, before + 2);
    send_raw(socket, "\"method\":\"count\",\"sealed\":2}\n", &fd, 1);
    expect(fixture, socket, 1, UNBOX_IPC_INVALID_REQUEST);
    expect(fixture, socket, 0, UNBOX_IPC_INVALID_REQUEST);
    expect_alive(fixture, socket);
    assert_int_equal(open_fds(), before);
}

/* The kernel cuts off what doesn't fit into the table, and says so. */
static void test_no_room_for_a_descriptor(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int socket = connect_raw(fixture->path);
    _cleanup_close_ int fd = unbox_ipc_memfd_new("test", "{\"text\":\"own\"}", 14);
    struct rlimit before, none;

    expect_alive(fixture, socket);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    send_raw(socket, COUNT "14}\n", &fd, 1);
    expect(fixture, socket, 1, UNBOX_IPC_INVALID_REQUEST);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    send_raw(socket, COUNT "14}\n", &fd, 1);
    expect(fixture, socket, 1, NULL);
}

struct heard {
    int error;
    unsigned states;
    unsigned count;
    size_t length;
    uint64_t seq;
};

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct heard *heard = userdata;

    assert_string_equal(topic, "test.a");
    heard->count++;
    heard->length = json_string_length(data);
    heard->seq = seq;
    return 0;
}

static void on_state(int error, const char *message, void *userdata)
{
    struct heard *heard = userdata;

    heard->states++;
    heard->error = error;
}

static struct unbox_ipc_client *listen_to(struct fixture *fixture, struct heard *heard)
{
    static const char *const patterns[] = {"test.*", NULL};
    struct unbox_ipc_client *client = NULL;

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    assert_int_equal(unbox_ipc_client_subscribe(
                             client, patterns, UNBOX_IPC_SINCE_NOW, on_event, on_state, heard),
            0);
    run_until(fixture->event, heard->states == 1);
    assert_int_equal(heard->error, 0);
    return client;
}

static int subscribe_raw(struct fixture *fixture)
{
    int socket = connect_raw(fixture->path);

    send_raw(socket, "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"topics\":[\"test.*\"]}}\n",
            NULL, 0);
    expect(fixture, socket, 1, NULL);
    return socket;
}

static uint64_t publish(struct fixture *fixture, size_t size)
{
    uint64_t seq = 0;

    assert_int_equal(unbox_ipc_server_publish(fixture->server, "test.a", text_of(size), &seq), 0);
    return seq;
}

/* The memfd that an event of `size` bytes of text is in; its number in the file system. */
static ino_t receive_sealed(struct fixture *fixture, int socket, size_t size, uint64_t seq)
{
    int fd;
    _cleanup_json_ json_t *message = receive_raw(fixture->event, socket, &fd);
    _cleanup_close_ int owned = fd;
    _cleanup_free_ char *data = NULL;
    struct stat st;
    size_t n;

    assert_int_equal(json_integer_value(json_object_get(message, "sealed")), size + 2);
    assert_int_equal(json_integer_value(json_object_get(message, "seq")), seq);
    assert_null(json_object_get(message, "data"));
    assert_int_equal(unbox_ipc_memfd_read(fd, UNBOX_IPC_EVENT_MAX, &data, &n), 0);
    assert_int_equal(n, size + 2);
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_ino;
}

static void test_an_event_larger_than_a_line(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = listen_to(fixture, &heard);
    _cleanup_close_ int one = subscribe_raw(fixture), other = subscribe_raw(fixture);
    unsigned before = open_fds();
    uint64_t seq = publish(fixture, MIB);

    run_until(fixture->event, heard.count == 1);
    assert_int_equal(heard.length, MIB);
    assert_int_equal(heard.seq, seq);
    assert_int_equal(
            receive_sealed(fixture, one, MIB, seq), receive_sealed(fixture, other, MIB, seq));
    publish(fixture, 10);
    run_until(fixture->event, heard.count == 2);
    assert_int_equal(heard.length, 10);
    assert_int_equal(open_fds(), before);
}

/* More than anybody may leave unread, but he reads; the other one doesn't. */
static void test_a_reader_and_one_who_never_reads(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = listen_to(fixture, &heard);
    _cleanup_close_ int sleeper = subscribe_raw(fixture);
    _cleanup_json_ json_t *last = NULL;
    unsigned told = 0;

    for (unsigned i = 0; i < 40; i++) {
        publish(fixture, i % 4 == 3 ? 100 : MIB);
        run_until(fixture->event, heard.count == i + 1);
    }
    assert_int_equal(heard.states, 1);
    for (;;) {
        int fd;
        json_t *message = receive_raw(fixture->event, sleeper, &fd);

        if (fd >= 0)
            close(fd), told++;
        if (!message)
            break;
        json_decref(last);
        last = message;
    }
    assert_string_equal(json_string_value(json_object_get(last, "event")), UNBOX_IPC_DROPPED);
    assert_int_equal(told, 3);
}

/* The next request of whoever connects to `listening`, and his end. */
static json_t *serve_one(struct fixture *fixture, int listening, int *ret_peer)
{
    int fd;

    run_until(fixture->event,
            (*ret_peer = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
    return receive_raw(fixture->event, *ret_peer, &fd);
}

/* From a server that seals no JSON: nobody hears of it, and it is asked again from there on. */
static void test_an_event_that_cannot_be_read(void **state)
{
    static const char *const patterns[] = {"*", NULL};
    struct fixture *fixture = *state;
    _cleanup_close_ int garbage = unbox_ipc_memfd_new("test", "{x}", 3);
    _cleanup_close_ int listening = -1, peer = -1, again = -1;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    _cleanup_json_ json_t *first = NULL, *second = NULL;
    struct heard heard = {};
    char path[80];

    snprintf(path, sizeof(path), "%s-other", fixture->path);
    listening = ipc_socket_bind(path, -1);
    assert_int_equal(unbox_ipc_client_new(fixture->event, path, &client), 0);
    assert_int_equal(
            unbox_ipc_client_subscribe(client, patterns, 7, on_event, on_state, &heard), 0);
    first = serve_one(fixture, listening, &peer);
    send_raw(peer, "{\"id\":1,\"result\":{\"seq\":9}}\n", NULL, 0);
    send_raw(peer, "{\"event\":\"test.a\",\"sealed\":3,\"seq\":10}\n", &garbage, 1);
    run_until(fixture->event, heard.states == 2);
    assert_int_equal(heard.error, -EBADMSG);
    assert_int_equal(heard.count, 0);
    second = serve_one(fixture, listening, &again);
    assert_true(json_equal(json_object_get(first, "params"), json_object_get(second, "params")));
    unlink(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_params_larger_than_a_line),
            TEST(test_params_that_are_too_large),
            TEST(test_requests_of_all_sizes_at_once),
            TEST(test_what_is_not_as_announced),
            TEST(test_what_no_line_announces),
            TEST(test_a_flood_of_descriptors),
            TEST(test_no_room_for_a_descriptor),
            TEST(test_an_event_larger_than_a_line),
            TEST(test_a_reader_and_one_who_never_reads),
            TEST(test_an_event_that_cannot_be_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
