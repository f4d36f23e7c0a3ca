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

#include "ipc-client.h"
#include "test-ipc.h"
#include "unbox/ipc.h"

#define BIG_SIZE (3 * UNBOX_IPC_LINE_MAX)

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
};

static int big(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    _cleanup_free_ char *text = malloc(BIG_SIZE);

    memset(text, 'b', BIG_SIZE);
    return unbox_ipc_reply(call, json_stringn(text, BIG_SIZE));
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_a_result_larger_than_a_line),
            TEST(test_a_sealed_payload),
            TEST(test_an_unsealed_payload),
            TEST(test_descriptors_among_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
