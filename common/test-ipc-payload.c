/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What doesn't fit into a line travels beside it. */

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
#include <sys/socket.h>

#include "ipc-client.h"
#include "ipc-line.h"
#include "test-ipc.h"
#include "unbox/ipc.h"

#define BIG_SIZE (3 * UNBOX_IPC_LINE_MAX)

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
};

/* As when too many descriptors are on their way already. */
static bool refuse_descriptors;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
    if (!refuse_descriptors || message->msg_controllen == 0)
        return __real_sendmsg(fd, message, flags);
    errno = ETOOMANYREFS;
    return -1;
}

static int big(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    _cleanup_free_ char *text = malloc(BIG_SIZE);

    memset(text, 'b', BIG_SIZE);
    return unbox_ipc_reply(call, json_stringn(text, BIG_SIZE));
}

static int big_text(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    _cleanup_free_ char *text = malloc(BIG_SIZE + 2);

    memset(text, 'b', BIG_SIZE + 2);
    text[0] = text[BIG_SIZE + 1] = '"';
    return unbox_ipc_reply_text(call, text, BIG_SIZE + 2);
}

static int text(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    static const char result[] = "{\"a\":\"active\",\"b\":\"caf\xc3\xa9\"}";

    return unbox_ipc_reply_text(call, result, strlen(result));
}

static int file(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply_fd(
            call, json_pack("{s:s}", "type", "text"), unbox_ipc_memfd_new("test", "sealed", 6));
}

static int unsealed(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    return unbox_ipc_reply_fd(call, NULL, memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

static const struct unbox_ipc_method methods[] = {
        {"big", "Three lines long.", UNBOX_IPC_READ, false, big},
        {"big-text", "The same, made before.", UNBOX_IPC_READ, false, big_text},
        {"text", "Made before.", UNBOX_IPC_READ, false, text},
        {"file", "Comes with a descriptor.", UNBOX_IPC_READ, false, file},
        {"unsealed", "Comes with one not to be trusted.", UNBOX_IPC_READ, false, unsealed},
        {},
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "test",
            .version = "1",
            .description = "A test.",
            .methods = methods,
    };

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-payload-%d", getpid());
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
    struct unbox_ipc_client *client;
    bool done;
    int error;
    json_t *result;
    int fd;
};

static void on_reply(
        int error, json_t *result, const char *code, const char *message, void *userdata)
{
    struct outcome *outcome = userdata;

    outcome->done = true;
    outcome->error = error;
    outcome->result = json_incref(result);
    outcome->fd = unbox_ipc_client_take_fd(outcome->client);
}

static void ask(struct fixture *fixture, const char *method, struct outcome *outcome)
{
    *outcome = (struct outcome){};
    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &outcome->client), 0);
    assert_int_equal(
            unbox_ipc_client_call(outcome->client, method, NULL, USEC_PER_SEC, on_reply, outcome),
            0);
    run_until(fixture->event, outcome->done);
    assert_int_equal(unbox_ipc_client_take_fd(outcome->client), -ENODATA);
    outcome->client = unbox_ipc_client_free(outcome->client);
}

static void test_a_result_larger_than_a_line(void **state)
{
    struct outcome outcome;

    ask(*state, "big", &outcome);
    assert_int_equal(outcome.error, 0);
    assert_int_equal(json_string_length(outcome.result), BIG_SIZE);
    assert_int_equal(outcome.fd, -ENODATA);
    json_decref(outcome.result);
}

static void test_a_result_that_is_text(void **state)
{
    struct outcome outcome;
    const char *a, *b;

    ask(*state, "big-text", &outcome);
    assert_int_equal(outcome.error, 0);
    assert_int_equal(json_string_length(outcome.result), BIG_SIZE);
    json_decref(outcome.result);
    ask(*state, "text", &outcome);
    assert_int_equal(outcome.error, 0);
    assert_int_equal(json_unpack(outcome.result, "{s:s, s:s !}", "a", &a, "b", &b), 0);
    assert_string_equal(a, "active");
    assert_string_equal(b, "caf\xc3\xa9");
    json_decref(outcome.result);
}

/* Whatever the id is, it comes back as it was, in the same line that another answer would be. */
static void test_ids_of_results_that_are_text(void **state)
{
    static const char *const ids[] = {
            "1", "-7", "1.5", "\"abc123\"", "\"\\\"\\n\xc3\xa9\"", "\"\""};

    for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
        json_t *id = json_loads(ids[i], JSON_DECODE_ANY, NULL);
        json_t *answer = ipc_answer_result(id, json_pack("{s:i}", "n", 1));
        _cleanup_free_ char *made = json_dumps(answer, JSON_COMPACT), *line = NULL;
        size_t size = 0;

        assert_int_equal(ipc_answer_text(id, "{\"n\":1}", 7, &line, &size), 0);
        assert_int_equal(size, strlen(made) + 1);
        assert_memory_equal(line, made, size - 1);
        assert_int_equal(line[size - 1], '\n');
        json_decref(answer);
        json_decref(id);
    }
}

static void test_a_sealed_payload(void **state)
{
    _cleanup_free_ char *data = NULL;
    struct outcome outcome;
    size_t size;

    ask(*state, "file", &outcome);
    assert_int_equal(outcome.error, 0);
    assert_true(outcome.fd >= 0);
    assert_int_equal(write(outcome.fd, "x", 1), -1);
    assert_int_equal(ftruncate(outcome.fd, 0), -1);
    assert_int_equal(unbox_ipc_memfd_read(outcome.fd, 5, &data, &size), -EFBIG);
    assert_int_equal(unbox_ipc_memfd_read(outcome.fd, 6, &data, &size), 0);
    assert_string_equal(data, "sealed");
    close(outcome.fd);
    json_decref(outcome.result);
}

static void test_an_unsealed_payload(void **state)
{
    _cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct outcome outcome;
    char *data = NULL;

    ask(*state, "unsealed", &outcome);
    assert_true(outcome.fd >= 0);
    assert_int_equal(unbox_ipc_memfd_read(outcome.fd, 10, &data, NULL), -EPERM);
    assert_int_equal(unbox_ipc_memfd_read(file, 10, &data, NULL), -EPERM);
    close(outcome.fd);
    json_decref(outcome.result);
    assert_int_equal(unbox_ipc_memfd_new("test", "", UNBOX_IPC_PAYLOAD_MAX + 1), -EFBIG);
}

/* Answers of all kinds, asked for at once and read late: each descriptor goes with its own line. */
static void test_descriptors_among_lines(void **state)
{
    static const char *const asked[] = {"file", "ping", "big", "big", "ping", "file"};
    struct fixture *fixture = *state;
    struct outcome outcomes[ELEMENTSOF(asked)] = {};
    struct unbox_ipc_client *client = NULL;

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    for (size_t i = 0; i < ELEMENTSOF(asked); i++) {
        outcomes[i].client = client;
        assert_int_equal(
                unbox_ipc_client_call(client, asked[i], NULL, USEC_PER_SEC, on_reply, &outcomes[i]),
                0);
    }
    for (size_t i = 0; i < ELEMENTSOF(asked); i++) {
        run_until(fixture->event, outcomes[i].done);
        assert_int_equal(outcomes[i].error, 0);
        assert_int_equal(outcomes[i].fd >= 0, strcmp(asked[i], "file") == 0);
        if (strcmp(asked[i], "big") == 0)
            assert_int_equal(json_string_length(outcomes[i].result), BIG_SIZE);
        if (outcomes[i].fd >= 0)
            close(outcomes[i].fd);
        json_decref(outcomes[i].result);
    }
    unbox_ipc_client_free(client);
}

/* He is told at once, and waits for nothing. */
static void test_a_descriptor_that_cannot_be_sent(void **state)
{
    struct outcome outcome;

    refuse_descriptors = true;
    ask(*state, "file", &outcome);
    refuse_descriptors = false;
    assert_int_equal(outcome.error, -ECONNRESET);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_a_result_larger_than_a_line),
            TEST(test_a_result_that_is_text),
            cmocka_unit_test(test_ids_of_results_that_are_text),
            TEST(test_a_sealed_payload),
            TEST(test_an_unsealed_payload),
            TEST(test_descriptors_among_lines),
            TEST(test_a_descriptor_that_cannot_be_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
