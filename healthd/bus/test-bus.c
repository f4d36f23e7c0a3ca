/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bus with real subscribers: what was missed comes back in order, or is said to be missing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "bus-private.h"

DEFINE_CLEANUP(struct unbox_ipc_client *, unbox_ipc_client_free);

struct fixture {
    sd_event *event;
    char path[64];
    struct bus *bus;
    struct unbox_ipc_server *server;
};

struct heard {
    bool subscribed;
    unsigned count;
    unsigned gaps;
    uint64_t last;
    json_int_t value;
    char topics[256];
};

static void begin(struct unbox_ipc_replay *replay, uint64_t since, void *userdata)
{
    bus_replay_begin(userdata, replay, since);
}

static void cancel(struct unbox_ipc_replay *replay, void *userdata)
{
    bus_replay_cancel(userdata, replay);
}

static void serve(struct fixture *fixture)
{
    static const struct unbox_ipc_history history = {begin, cancel};
    static const struct unbox_ipc_topic topics[] = {{"*", "All.", true}, {}};
    static const struct unbox_ipc_method methods[] = {{}};
    const struct unbox_ipc_server_options options = {
            .path = fixture->path,
            .name = "test",
            .version = "1",
            .description = "A test.",
            .methods = methods,
            .userdata = fixture->bus,
            .topics = topics,
            .history = &history,
            .first_seq = bus_last_seq(fixture->bus),
    };

    assert_int_equal(unbox_ipc_server_new(fixture->event, &options, &fixture->server), 0);
    bus_set_server(fixture->bus, fixture->server);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-test-bus-%d", getpid());
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(bus_new(fixture->event, &fixture->bus), 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    bus_set_server(fixture->bus, NULL);
    unbox_ipc_server_free(fixture->server);
    bus_free(fixture->bus);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    struct heard *heard = userdata;
    size_t used = strlen(heard->topics);

    if (used < 200)
        snprintf(heard->topics + used, sizeof(heard->topics) - used, "%s ", topic);
    if (strcmp(topic, UNBOX_IPC_GAP) == 0) {
        heard->gaps++;
        return 0;
    }
    assert_true(seq > heard->last);
    heard->last = seq;
    heard->value = json_integer_value(data);
    heard->count++;
    return 0;
}

static void on_state(int error, const char *message, void *userdata)
{
    ((struct heard *)userdata)->subscribed = error == 0;
}

static void turn(struct fixture *fixture)
{
    assert_true(sd_event_run(fixture->event, 20 * USEC_PER_MSEC) >= 0);
}

static struct unbox_ipc_client *subscribe(
        struct fixture *fixture, uint64_t since, struct heard *heard)
{
    static const char *const topics[] = {"t.*", NULL};
    struct unbox_ipc_client *client = NULL;

    assert_int_equal(unbox_ipc_client_new(fixture->event, fixture->path, &client), 0);
    assert_int_equal(
            unbox_ipc_client_subscribe(client, topics, since, on_event, on_state, heard), 0);
    for (unsigned i = 0; i < 500 && !heard->subscribed; i++)
        turn(fixture);
    assert_true(heard->subscribed);
    return client;
}

static uint64_t keep(struct fixture *fixture, const char *topic, int value)
{
    static const struct bus_entry entry = {LOG_DEBUG, NULL, NULL, "an event of the test"};
    uint64_t seq = 0;

    assert_int_equal(bus_publish_kept(fixture->bus, topic, json_integer(value), &entry, &seq), 0);
    return seq;
}

static void test_missed_and_told(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct heard heard = {};
    uint64_t seen;

    seen = keep(fixture, "t.before", 1);
    keep(fixture, "t.unserved", 2);
    serve(fixture);
    keep(fixture, "t.served", 3);
    assert_int_equal(bus_publish(fixture->bus, "t.lost", json_integer(4), NULL), 0);
    keep(fixture, "other.topic", 5);
    client = subscribe(fixture, seen, &heard);
    assert_int_equal(bus_publish(fixture->bus, "t.live", json_integer(6), NULL), 0);
    for (unsigned i = 0; i < 500 && heard.value != 6; i++)
        turn(fixture);
    assert_string_equal(heard.topics, "t.unserved t.served t.live ");
}

static void test_more_than_is_known(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct heard heard = {};
    uint64_t first;

    serve(fixture);
    first = keep(fixture, "t.a", 0);
    for (int i = 1; i <= BUS_RECENT + 10; i++)
        keep(fixture, "t.a", i);
    /* No journal has them: this is no unit of systemd's. */
    client = subscribe(fixture, first, &heard);
    for (unsigned i = 0; i < 500 && heard.value != BUS_RECENT + 10; i++)
        turn(fixture);
    assert_int_equal(heard.count, BUS_RECENT);
    assert_int_equal(heard.gaps, 1);
    assert_int_equal(strncmp(heard.topics, "gap t.a ", 8), 0);
}

static void test_nothing_missed(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *client = NULL;
    struct heard heard = {};
    uint64_t seen;

    serve(fixture);
    keep(fixture, "t.a", 1);
    seen = keep(fixture, "t.b", 2);
    client = subscribe(fixture, seen, &heard);
    keep(fixture, "t.c", 3);
    for (unsigned i = 0; i < 500 && heard.value != 3; i++)
        turn(fixture);
    assert_string_equal(heard.topics, "t.c ");
}

static void test_from_another_life(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(unbox_ipc_client_free_p) struct unbox_ipc_client *before = NULL, *after = NULL;
    struct heard old = {}, new = {};

    serve(fixture);
    keep(fixture, "t.a", 1);
    before = subscribe(fixture, 1, &old);
    after = subscribe(fixture, bus_last_seq(fixture->bus) + 1000000, &new);
    for (unsigned i = 0; i < 500 && (old.count == 0 || new.gaps == 0); i++)
        turn(fixture);
    assert_string_equal(old.topics, "gap t.a ");
    assert_string_equal(new.topics, "gap ");
}

static void test_gone_while_being_told(void **state)
{
    struct fixture *fixture = *state;
    struct unbox_ipc_client *client;
    struct heard heard = {};

    serve(fixture);
    for (int i = 0; i <= BUS_RECENT + 10; i++)
        keep(fixture, "t.a", i);
    client = subscribe(fixture, 1, &heard);
    unbox_ipc_client_free(client);
    for (unsigned i = 0; i < 10; i++)
        turn(fixture);
    assert_null(fixture->bus->jobs);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_missed_and_told),
            TEST(test_more_than_is_known),
            TEST(test_nothing_missed),
            TEST(test_from_another_life),
            TEST(test_gone_while_being_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
