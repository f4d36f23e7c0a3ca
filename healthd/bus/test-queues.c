/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Durable queues: nothing is lost or given to two at a time, and nothing grows without bound. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "queues.h"
#include "unbox/store.h"

struct fixture {
    sd_event *event;
    char path[32];
    struct queues *queues;
};

struct receiver {
    unsigned answers;
    bool gone;
    json_t *delivery;
};

static void open_queues(struct fixture *fixture)
{
    fixture->queues = queues_free(fixture->queues);
    assert_int_equal(queues_open(fixture->event, fixture->path, &fixture->queues), 0);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    snprintf(fixture->path, sizeof(fixture->path), "/tmp/unbox-queues-XXXXXX");
    assert_non_null(mkdtemp(fixture->path));
    assert_true(sd_event_new(&fixture->event) >= 0);
    open_queues(fixture);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    queues_free(fixture->queues);
    sd_event_unref(fixture->event);
    assert_int_equal(unbox_store_remove_tree(fixture->path), 1);
    free(fixture);
    return 0;
}

static int send_text(struct fixture *fixture, const char *queue, const char *text, uint64_t *ret_id)
{
    _cleanup_json_ json_t *message = json_string(text);

    return queues_send(fixture->queues, queue, message, ret_id);
}

static void on_received(json_t *delivery, void *userdata)
{
    struct receiver *receiver = userdata;

    json_decref(receiver->delivery);
    receiver->delivery = delivery;
    receiver->answers++;
}

static bool is_there(void *userdata)
{
    return !((struct receiver *)userdata)->gone;
}

static void receive(struct fixture *fixture, unsigned wait, struct receiver *receiver)
{
    assert_int_equal(
            queues_receive(fixture->queues, "mail", wait, on_received, is_there, receiver), 0);
}

static const char *text_of(const struct receiver *receiver)
{
    return json_string_value(json_object_get(receiver->delivery, "message"));
}

static void test_in_order_and_acknowledged(void **state)
{
    struct fixture *fixture = *state;
    struct receiver first = {}, second = {}, third = {};
    uint64_t a, b;

    assert_int_equal(send_text(fixture, "mail", "a", &a), 0);
    assert_int_equal(send_text(fixture, "mail", "b", &b), 0);
    assert_true(b > a);
    receive(fixture, 0, &first);
    receive(fixture, 0, &second);
    receive(fixture, 0, &third);
    assert_string_equal(text_of(&first), "a");
    assert_string_equal(text_of(&second), "b");
    assert_int_equal(third.answers, 1);
    assert_null(third.delivery);
    assert_int_equal(json_integer_value(json_object_get(first.delivery, "id")), a);

    assert_int_equal(queues_ack(fixture->queues, "mail", a), 0);
    assert_int_equal(queues_ack(fixture->queues, "mail", a), -ENOENT);
    assert_int_equal(queues_ack(fixture->queues, "other", b), -ENOENT);
    json_decref(first.delivery);
    json_decref(second.delivery);
}

static void test_survives_a_restart(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver = {};
    uint64_t a, b, c;

    assert_int_equal(send_text(fixture, "mail", "a", &a), 0);
    assert_int_equal(send_text(fixture, "mail", "b", &b), 0);
    assert_int_equal(queues_ack(fixture->queues, "mail", a), 0);
    receive(fixture, 0, &receiver);
    /* Given out and not acknowledged: it is there again. */
    open_queues(fixture);
    receive(fixture, 0, &receiver);
    assert_string_equal(text_of(&receiver), "b");
    assert_int_equal(send_text(fixture, "mail", "c", &c), 0);
    assert_true(c > b);
    json_decref(receiver.delivery);
}

static void test_waiting(void **state)
{
    struct fixture *fixture = *state;
    struct receiver gone = {.gone = true}, first = {}, second = {}, late = {};
    uint64_t id;

    receive(fixture, 100, &first);
    receive(fixture, 100, &second);
    gone.gone = false;
    assert_int_equal(send_text(fixture, "elsewhere", "x", &id), 0);
    assert_int_equal(first.answers, 0);
    assert_int_equal(send_text(fixture, "mail", "a", &id), 0);
    assert_string_equal(text_of(&first), "a");
    assert_int_equal(second.answers, 0);

    second.gone = true;
    assert_int_equal(send_text(fixture, "mail", "b", &id), 0);
    assert_int_equal(second.answers, 1);
    assert_null(second.delivery);
    receive(fixture, 0, &gone);
    assert_string_equal(text_of(&gone), "b");

    receive(fixture, 1, &late);
    for (unsigned i = 0; i < 30 && late.answers == 0; i++)
        assert_true(sd_event_run(fixture->event, 100 * USEC_PER_MSEC) >= 0);
    assert_int_equal(late.answers, 1);
    assert_null(late.delivery);
    json_decref(first.delivery);
    json_decref(gone.delivery);
}

static void test_full(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_free_ char *text = calloc(1, QUEUE_SIZE / 4 + 1);
    uint64_t id;

    for (unsigned i = 0; i < QUEUE_MESSAGES; i++)
        assert_int_equal(send_text(fixture, "many", "x", &id), 0);
    assert_int_equal(send_text(fixture, "many", "x", &id), -ENOSPC);
    assert_int_equal(queues_ack(fixture->queues, "many", id), 0);
    assert_int_equal(send_text(fixture, "many", "x", &id), 0);

    memset(text, 'x', QUEUE_SIZE / 4);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(send_text(fixture, "large", text, &id), 0);
    assert_int_equal(send_text(fixture, "large", text, &id), -ENOSPC);

    for (unsigned i = 2; i <= QUEUES_MAX; i++) {
        char name[16];

        snprintf(name, sizeof(name), "q%u", i);
        assert_int_equal(send_text(fixture, name, "x", &id), i < QUEUES_MAX ? 0 : -ENOSPC);
    }
    /* One that is empty makes place. */
    open_queues(fixture);
    assert_int_equal(send_text(fixture, "new", "x", &id), -ENOSPC);
}

static void test_what_else_lies_there(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver = {};
    char path[128];
    uint64_t id;

    assert_int_equal(send_text(fixture, "mail", "a", &id), 0);
    snprintf(path, sizeof(path), "%s/mail/00000000000000000001", fixture->path);
    assert_int_equal(unbox_store_write(path, "{", 1, 0600, -1, -1), 0);
    snprintf(path, sizeof(path), "%s/mail/README", fixture->path);
    assert_int_equal(unbox_store_write(path, "7", 1, 0600, -1, -1), 0);
    snprintf(path, sizeof(path), "%s/no queue", fixture->path);
    assert_int_equal(mkdir(path, 0700), 0);
    open_queues(fixture);
    receive(fixture, 0, &receiver);
    assert_string_equal(text_of(&receiver), "a");
    json_decref(receiver.delivery);
}

/* A message that was cut off is none, and a queue without messages needs no folder. */
static void test_what_a_power_cut_has_left(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver = {};
    char half[128], empty[128];
    uint64_t id;

    assert_int_equal(send_text(fixture, "mail", "a", &id), 0);
    snprintf(half, sizeof(half), "%s/mail/.#%020d", fixture->path, 7);
    assert_int_equal(unbox_store_write(half, "\"b", 2, 0600, -1, -1), 0);
    snprintf(empty, sizeof(empty), "%s/empty", fixture->path);
    assert_int_equal(mkdir(empty, 0700), 0);
    open_queues(fixture);
    assert_int_equal(access(half, F_OK), -1);
    assert_int_equal(access(empty, F_OK), -1);
    receive(fixture, 0, &receiver);
    assert_string_equal(text_of(&receiver), "a");
    json_decref(receiver.delivery);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
            TEST(test_in_order_and_acknowledged),
            TEST(test_survives_a_restart),
            TEST(test_waiting),
            TEST(test_full),
            TEST(test_what_else_lies_there),
            TEST(test_what_a_power_cut_has_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
