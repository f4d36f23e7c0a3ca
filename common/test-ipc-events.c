/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Publish and subscribe, end to end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ipc-client.h"
#include "test-ipc.h"
#include "unbox/ipc.h"
#include "util.h"

DEFINE_CLEANUP(struct unbox_ipc_server *, unbox_ipc_server_free);

struct fixture {
    sd_event *event;
    char path[64];
    struct unbox_ipc_server *server;
    struct unbox_ipc_replay *replay; /* that waits for the test */
    uint64_t since;
    bool cancelled;
};

/* What a subscriber was told. */
struct heard {
    unsigned states;
    int error;
    unsigned count;
    char topics[512];
    uint64_t last;
    uint64_t gap_after;
    json_int_t value;
    unsigned until; /* ends the subscription at this count */
};

static const struct unbox_ipc_topic topics[] = {{"test.*", "What happens.", true}, {}};

static void begin(struct unbox_ipc_replay *replay, uint64_t since, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->replay = replay;
    fixture->since = since;
}

static void cancel(struct unbox_ipc_replay *replay, void *userdata)
{
    struct fixture *fixture = userdata;

    assert_ptr_equal(replay, fixture->replay);
    fixture->replay = NULL;
    fixture->cancelled = true;
}

static const struct unbox_ipc_history history = {begin, cancel};

static void start_server(
        struct fixture *fixture, const struct unbox_ipc_history *past, uint64_t seq)
{
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "test",
            .version = "1",
            .description = "A test.",
            .methods = (const struct unbox_ipc_method[]){{}},
            .userdata = fixture,
            .topics = topics,
            .history = past,
            .first_seq = seq,
            .clients_max = 8,
    };

    fixture->server = unbox_ipc_server_free(fixture->server);
    assert_int_equal(unbox_ipc_server_new(fixture->event, &options, &fixture->server), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-events-%d", getpid());
    assert_int_equal(sd_event_new(&fixture->event), 0);
    start_server(fixture, NULL, 0);
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

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct heard *heard = userdata;
    size_t used = strlen(heard->topics);

    snprintf(heard->topics + used, sizeof(heard->topics) - used, "%s ", topic);
    assert_true(seq == 0 || seq > heard->last);
    if (seq > 0)
        heard->last = seq;
    if (strcmp(topic, UNBOX_IPC_GAP) == 0)
        heard->gap_after = json_integer_value(json_object_get(data, "after"));
    heard->value = json_integer_value(data);
    return ++heard->count == heard->until;
}

static void on_state(int error, const char *message, void *userdata)
{
    struct heard *heard = userdata;

    heard->states++;
    heard->error = error;
    assert_true(error == 0 || message);
}

static struct unbox_ipc_client *listen_to(
        struct fixture *fixture, const char *pattern, uint64_t since, struct heard *heard)
{
    const char *patterns[] = {pattern, NULL};
    struct unbox_ipc_client *client = NULL;

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    assert_int_equal(
            unbox_ipc_client_subscribe(client, patterns, since, on_event, on_state, heard), 0);
    run_until(fixture->event, heard->states > 0);
    assert_int_equal(heard->error, 0);
    return client;
}

static uint64_t publish(struct fixture *fixture, const char *topic, int value)
{
    uint64_t seq = 0;

    assert_int_equal(
            unbox_ipc_server_publish(fixture->server, topic, json_integer(value), &seq), 0);
    return seq;
}

static void test_topics(void **state)
{
    assert_true(unbox_ipc_topic_valid("health.changed", false));
    assert_true(unbox_ipc_topic_valid("a.b-c_D.e@1:2", false));
    assert_false(unbox_ipc_topic_valid("health.*", false));
    assert_true(unbox_ipc_topic_valid("health.*", true));
    assert_true(unbox_ipc_topic_valid("*", true));
    assert_false(unbox_ipc_topic_valid("health*", true));
    assert_false(unbox_ipc_topic_valid("", false));
    assert_false(unbox_ipc_topic_valid("a..b", false));
    assert_false(unbox_ipc_topic_valid(".a", false));
    assert_false(unbox_ipc_topic_valid("a.", false));
    assert_false(unbox_ipc_topic_valid("a b", false));
    assert_false(unbox_ipc_topic_valid("\xc3\xa4", false));
    assert_false(unbox_ipc_topic_valid(NULL, false));

    assert_true(unbox_ipc_topic_match("health.changed", "health.changed"));
    assert_false(unbox_ipc_topic_match("health.changed", "health.change"));
    assert_false(unbox_ipc_topic_match("health", "health.changed"));
    assert_false(unbox_ipc_topic_match("health.changed", "health"));
    assert_true(unbox_ipc_topic_match("health.*", "health.changed"));
    assert_true(unbox_ipc_topic_match("health.*", "health.a.b"));
    assert_false(unbox_ipc_topic_match("health.*", "health"));
    assert_false(unbox_ipc_topic_match("health.*", "healthy.a"));
    assert_true(unbox_ipc_topic_match("*", "a.b"));
    assert_true(unbox_ipc_topic_match("*.failed", "health.failed"));
    assert_false(unbox_ipc_topic_match("*.failed", "a.b.failed"));
}

static void test_events_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {}, other = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client =
            listen_to(fixture, "test.*", UNBOX_IPC_SINCE_NOW, &heard);
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *elsewhere =
            listen_to(fixture, "other.*", UNBOX_IPC_SINCE_NOW, &other);

    publish(fixture, "test.a", 1);
    publish(fixture, "other.b", 2);
    publish(fixture, "test.c", 3);
    run_until(fixture->event, heard.count == 2 && other.count == 1);
    assert_string_equal(heard.topics, "test.a test.c ");
    assert_int_equal(heard.last, unbox_ipc_server_seq(fixture->server));
    assert_int_equal(heard.value, 3);
    assert_string_equal(other.topics, "other.b ");
}

static void test_what_is_no_event(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_free_ char *text = calloc(1, UNBOX_IPC_EVENT_MAX + 1);
    uint64_t before = unbox_ipc_server_seq(fixture->server);

    memset(text, 'x', UNBOX_IPC_EVENT_MAX);
    assert_int_equal(unbox_ipc_server_publish(fixture->server, "test.*", NULL, NULL), -EINVAL);
    assert_int_equal(unbox_ipc_server_publish(fixture->server, "test.a", json_string(text), NULL),
            -EMSGSIZE);
    assert_int_equal(unbox_ipc_server_seq(fixture->server), before);
}

static void test_a_subscription_ends(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {.until = 2};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client =
            listen_to(fixture, "*", UNBOX_IPC_SINCE_NOW, &heard);

    for (int i = 0; i < 5; i++)
        publish(fixture, "test.a", i);
    for (int i = 0; i < 5; i++)
        assert_true(sd_event_run(fixture->event, USEC_PER_MSEC) >= 0);
    assert_int_equal(heard.count, 2);
}

static void test_again_when_the_server_is_back(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client =
            listen_to(fixture, "test.*", UNBOX_IPC_SINCE_NOW, &heard);
    uint64_t seen;

    seen = publish(fixture, "test.a", 1);
    run_until(fixture->event, heard.count == 1);
    fixture->server = unbox_ipc_server_free(fixture->server);
    run_until(fixture->event, heard.states == 2);
    assert_int_equal(heard.error, -ECONNRESET);

    start_server(fixture, &history, seen + 1000);
    run_until(fixture->event, heard.error == 0);
    run_until(fixture->event, fixture->replay != NULL);
    assert_int_equal(fixture->since, seen);
    unbox_ipc_replay_end(STEAL(fixture->replay));
    publish(fixture, "test.b", 2);
    run_until(fixture->event, heard.count == 2);
    assert_string_equal(heard.topics, "test.a test.b ");
}

static void test_without_history_there_is_a_gap(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    uint64_t seen = publish(fixture, "test.a", 1);
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;

    publish(fixture, "test.b", 1);
    client = listen_to(fixture, "test.*", seen, &heard);
    publish(fixture, "test.c", 1);
    run_until(fixture->event, heard.count == 2);
    assert_string_equal(heard.topics, "gap test.c ");
    assert_int_equal(heard.gap_after, seen);
}

static void test_history_comes_first(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    _cleanup_json_ json_t *data = json_integer(7);
    uint64_t seq;

    start_server(fixture, &history, 0);
    seq = publish(fixture, "test.a", 1);
    client = listen_to(fixture, "test.*", seq - 1, &heard);
    run_until(fixture->event, fixture->replay != NULL);
    publish(fixture, "test.kept", 2);
    assert_int_equal(unbox_ipc_replay_event(fixture->replay, "test.a", data, seq), 0);
    assert_int_equal(unbox_ipc_replay_event(fixture->replay, "other.a", data, seq), 0);
    assert_int_equal(unbox_ipc_replay_event(fixture->replay, "test.kept", data, seq + 1), 0);
    unbox_ipc_replay_end(STEAL(fixture->replay));
    publish(fixture, "test.now", 3);
    run_until(fixture->event, heard.count == 3);
    assert_string_equal(heard.topics, "test.a test.kept test.now ");
}

static void test_history_of_one_who_has_gone(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    struct unbox_ipc_client *client;

    start_server(fixture, &history, 0);
    client = listen_to(fixture, "test.*", 1, &heard);
    run_until(fixture->event, fixture->replay != NULL);
    unbox_ipc_client_free(client);
    run_until(fixture->event, fixture->cancelled);
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads to the end of the connection; returns the last line. */
static char *read_all(struct fixture *fixture, int fd, unsigned *ret_lines)
{
    size_t size = 0, allocated = 4 * 1024 * 1024;
    char *data = malloc(allocated), *last;
    ssize_t n;

    while ((n = recv(fd, data + size, allocated - size - 1, 0)) != 0) {
        if (n > 0)
            size += n;
        assert_true(sd_event_run(fixture->event, USEC_PER_MSEC) >= 0);
    }
    assert_true(size > 0 && data[size - 1] == '\n');
    data[size - 1] = '\0';
    *ret_lines = 1;
    for (size_t i = 0; i < size; i++)
        *ret_lines += data[i] == '\n';
    last = strdup(strrchr(data, '\n') + 1);
    free(data);
    return last;
}

static void test_one_who_never_reads_slows_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client =
            listen_to(fixture, "test.*", UNBOX_IPC_SINCE_NOW, &heard);
    _cleanup_close_ int fd = connect_raw(fixture->path);
    _cleanup_free_ char *text = calloc(1, 4096), *last = NULL;
    _cleanup_json_ json_t *read = NULL;
    const unsigned total = 200;
    unsigned lines;

    memset(text, 'x', 4095);
    send_text(fd, "{\"id\":1,\"method\":\"subscribe\",\"params\":{\"topics\":[\"*\"]}}\n");
    run_until(fixture->event, recv(fd, &(char){0}, 1, MSG_PEEK) == 1);
    for (unsigned i = 0; i < total; i++) {
        assert_int_equal(
                unbox_ipc_server_publish(fixture->server, "test.a", json_string(text), NULL), 0);
        run_until(fixture->event, heard.count == i + 1);
    }
    assert_int_equal(heard.states, 1);

    last = read_all(fixture, fd, &lines);
    assert_true(lines < total);
    read = json_loads(last, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(read, "event")), UNBOX_IPC_DROPPED);
    assert_non_null(json_object_get(json_object_get(read, "data"), "reason"));
}

static void test_bad_subscriptions(void **state)
{
    static const char *const params[] = {
            "{}",
            "{\"topics\":[]}",
            "{\"topics\":\"health\"}",
            "{\"topics\":[7]}",
            "{\"topics\":[\"a b\"]}",
            "{\"topics\":[\"a\"],\"since\":-1}",
            "{\"topics\":[\"a\"],\"since\":\"x\"}",
            "{\"topics\":[\"a\"],\"from\":1}",
    };
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_raw(fixture->path);

    for (size_t i = 0; i < ELEMENTSOF(params); i++) {
        char line[256] = "";
        size_t size = 0;

        snprintf(line, sizeof(line), "{\"id\":1,\"method\":\"subscribe\",\"params\":%s}\n",
                params[i]);
        send_text(fd, line);
        memset(line, 0, sizeof(line));
        while (!strchr(line, '\n')) {
            ssize_t n = recv(fd, line + size, sizeof(line) - size - 1, 0);

            if (n > 0)
                size += n;
            assert_true(sd_event_run(fixture->event, USEC_PER_MSEC) >= 0);
        }
        assert_non_null(strstr(line, UNBOX_IPC_INVALID_PARAMS));
    }
}

static void test_too_many_patterns(void **state)
{
    struct fixture *fixture = *state;
    const char *patterns[UNBOX_IPC_TOPICS_MAX + 2] = {};
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct heard heard = {};

    for (size_t i = 0; i <= UNBOX_IPC_TOPICS_MAX; i++)
        patterns[i] = "test.*";
    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    assert_int_equal(
            unbox_ipc_client_subscribe(client, patterns, 0, on_event, on_state, &heard), 0);
    run_until(fixture->event, heard.states > 0);
    assert_int_equal(heard.error, -EREMOTEIO);
}

static void test_too_many_clients(void **state)
{
    struct fixture *fixture = *state;
    int fds[9];

    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        fds[i] = connect_raw(fixture->path);
    for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
        char line[128] = "";

        send_text(fds[i], "{\"id\":1,\"method\":\"ping\"}\n");
        run_until(fixture->event, recv(fds[i], line, sizeof(line) - 1, 0) > 0);
        /* Root may have all; another user three quarters. */
        if (i == 8)
            assert_non_null(strstr(line, UNBOX_IPC_BUSY));
        if (i < 6)
            assert_non_null(strstr(line, "pong"));
    }
    for (size_t i = 0; i < ELEMENTSOF(fds); i++)
        close(fds[i]);
}

static int never(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    return 0;
}

static void test_sync_without_server(void **state)
{
    static const char *const patterns[] = {"*", NULL};
    _cleanup_free_ char *message = NULL;

    assert_int_equal(unbox_ipc_subscribe_sync(
                             "/tmp/unbox-test-nowhere", patterns, 0, never, NULL, NULL, &message),
            -ENOENT);
    assert_non_null(message);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_topics),
            TEST(test_events_in_order),
            TEST(test_what_is_no_event),
            TEST(test_a_subscription_ends),
            TEST(test_again_when_the_server_is_back),
            TEST(test_without_history_there_is_a_gap),
            TEST(test_history_comes_first),
            TEST(test_history_of_one_who_has_gone),
            TEST(test_one_who_never_reads_slows_nobody),
            TEST(test_bad_subscriptions),
            TEST(test_too_many_patterns),
            TEST(test_too_many_clients),
            cmocka_unit_test(test_sync_without_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
