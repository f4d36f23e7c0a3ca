/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each change is told once, to a healthd that the test plays. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tell.h"

static sd_event *event;
static struct unbox_ipc_server *server;
static struct unbox_ipc_client *client;
static struct tell *tell;
static char path[64];
static json_t *heard; /* array of {topic, data} */

static int on_publish(struct unbox_ipc_call *call, json_t *params, void *userdata)
{
    json_array_append(heard, params);
    return unbox_ipc_reply(call, json_pack("{s:i}", "seq", 1));
}

static int start(void **state)
{
    static const struct unbox_ipc_method methods[] = {
            {"publish", "Takes what the test wants to see.", UNBOX_IPC_READ, false, on_publish},
            {},
    };
    const struct unbox_ipc_server_options options = {
            .path = path,
            .name = "test",
            .version = "1",
            .description = "test",
            .methods = methods,
    };

    snprintf(path, sizeof(path), "/tmp/tell-%d.sock", (int)getpid());
    heard = json_array();
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(unbox_ipc_server_new(event, &options, &server), 0);
    assert_int_equal(unbox_ipc_client_new(event, path, &client), 0);
    assert_int_equal(tell_new(&tell), 0);
    tell_attach(tell, client, NULL);
    return 0;
}

static int stop(void **state)
{
    tell = tell_free(tell);
    client = unbox_ipc_client_free(client);
    server = unbox_ipc_server_free(server);
    event = sd_event_unref(event);
    json_decref(heard);
    return 0;
}

/* Waits until so many were heard, and that it stays at that. */
static void assert_heard(size_t count)
{
    while (json_array_size(heard) < count)
        assert_true(sd_event_run(event, 10 * USEC_PER_SEC) > 0);
    while (sd_event_run(event, 20 * USEC_PER_MSEC) > 0)
        ;
    assert_int_equal(json_array_size(heard), count);
}

static void assert_last(const char *topic, json_t *data)
{
    json_t *last = json_array_get(heard, json_array_size(heard) - 1);

    assert_string_equal(json_string_value(json_object_get(last, "topic")), topic);
    assert_true(json_equal(json_object_get(last, "data"), data));
    json_decref(data);
}

static json_t *status(const char *state, const char *summary, int signal)
{
    return json_pack("{s:s,s:s,s:{s:s,s:i},s:{s:s}}", "state", state, "summary", summary, "wifi",
            "ssid", "HomeNet", "signal", signal, "join", "step", "address");
}

static void test_only_what_has_changed(void **state)
{
    tell_status(tell, status("connected", "waited 1 s", 60));
    assert_heard(1);
    assert_last(TELL_CHANGED,
            json_pack("{s:s,s:{s:s}}", "state", "connected", "wifi", "ssid", "HomeNet"));
    tell_status(tell, status("connected", "waited 2 s", 61));
    assert_heard(1);
    tell_status(tell, status("starting", "waited 3 s", 61));
    assert_heard(2);
    tell_status(tell, NULL);
    assert_heard(2);
}

static json_t *trial(const char *step, int seconds_left)
{
    return json_pack("{s:{s:s,s:{s:s,s:i}}}", "wired", "method", "dhcp", "pending", "step", step,
            "seconds_left", seconds_left);
}

static void test_seconds_of_a_trial_are_no_news(void **state)
{
    tell_status(tell, trial("trying", 60));
    assert_heard(1);
    assert_last(TELL_CHANGED,
            json_pack("{s:{s:s,s:{s:s}}}", "wired", "method", "dhcp", "pending", "step", "trying"));
    tell_status(tell, trial("trying", 55));
    assert_heard(1);
    tell_status(tell, trial("unconfirmed", 50));
    assert_heard(2);
    tell_status(tell, json_pack("{s:{s:s,s:n}}", "wired", "method", "dhcp", "pending"));
    assert_heard(3);
}

static void test_healthd_comes_back(void **state)
{
    tell_scan(tell, true, 3);
    tell_scan(tell, true, 3);
    assert_heard(1);
    assert_last(TELL_SCAN, json_pack("{s:b,s:i}", "scanning", 1, "networks", 3));
    tell_forget(tell);
    tell_scan(tell, true, 3);
    assert_heard(2);
}

static void test_join(void **state)
{
    tell_join(tell, json_pack("{s:s}", "step", "associating"));
    assert_heard(1);
    assert_last(TELL_JOIN, json_pack("{s:s}", "step", "associating"));
    tell_verdict(tell, json_pack("{s:s}", "code", "password-wrong"));
    assert_heard(2);
    assert_last(TELL_JOIN, json_pack("{s:{s:s}}", "verdict", "code", "password-wrong"));
    tell_join(tell, NULL);
    tell_verdict(tell, NULL);
    assert_heard(2);
}

static void test_nobody_to_tell(void **state)
{
    tell_attach(tell, NULL, NULL);
    tell_status(tell, status("connected", "", 1));
    tell_join(tell, json_object());
    tell_verdict(tell, json_object());
    tell_scan(tell, false, 0);
    assert_heard(0);
}

static int on_event(const char *topic, json_t *data, uint64_t seq, void *userdata)
{
    json_array_append_new(heard, json_pack("{s:s,s:O}", "topic", topic, "data", data));
    return 0;
}

static void on_subscribed(int error, const char *message, void *userdata)
{
    *(bool *)userdata = error == 0;
}

/* Whoever waits at our own socket hears the same, also while healthd is away. */
static void test_our_own_socket(void **state)
{
    static const char *const topics[] = {"network.*", NULL};
    struct unbox_ipc_client *own_client = NULL;
    struct unbox_ipc_server *own = NULL;
    static const struct unbox_ipc_method none[] = {{}};
    char own_path[80];
    const struct unbox_ipc_server_options options = {
            .path = own_path,
            .name = "test",
            .version = "1",
            .description = "test",
            .methods = none,
            .topics = tell_topics,
    };
    bool subscribed = false;

    snprintf(own_path, sizeof(own_path), "%s.own", path);
    assert_int_equal(unbox_ipc_server_new(event, &options, &own), 0);
    assert_int_equal(unbox_ipc_client_new(event, own_path, &own_client), 0);
    assert_int_equal(unbox_ipc_client_subscribe(own_client, topics, UNBOX_IPC_SINCE_NOW, on_event,
                             on_subscribed, &subscribed),
            0);
    while (!subscribed)
        assert_true(sd_event_run(event, 10 * USEC_PER_SEC) > 0);
    tell_attach(tell, NULL, own);
    tell_join(tell, json_pack("{s:s}", "step", "address"));
    assert_heard(1);
    assert_last(TELL_JOIN, json_pack("{s:s}", "step", "address"));
    tell_scan(tell, true, 1);
    tell_scan(tell, true, 1);
    assert_heard(2);
    tell_attach(tell, client, own);
    tell_scan(tell, false, 1);
    assert_heard(4);
    unbox_ipc_client_free(own_client);
    unbox_ipc_server_free(own);
}

static void test_topics_are_ours(void **state)
{
    for (const struct unbox_ipc_topic *topic = tell_topics; topic->name; topic++)
        assert_true(unbox_ipc_topic_valid(topic->name, false));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_only_what_has_changed),
            TEST(test_seconds_of_a_trial_are_no_news),
            TEST(test_healthd_comes_back),
            TEST(test_join),
            TEST(test_nobody_to_tell),
            TEST(test_our_own_socket),
            TEST(test_topics_are_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
