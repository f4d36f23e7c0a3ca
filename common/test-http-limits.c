/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who has to go when there is no room, and when time is up: clients of several addresses, and the
 * server, in one event loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "http-internal.h"
#include "test-http.h"

#define REQUEST "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define REQUEST_SEC 1
#define IDLE_SEC 2
#define MAX 4
#define MAX_PER_ADDRESS 2

struct fixture {
    sd_event *event;
    struct http_server *server;
    int listener; /* as systemd has it too */
    uint16_t port;
    struct http_request *held[MAX];
    unsigned n_held;
};

static int on_hello(struct http_request *request, void *userdata)
{
    return http_respond_empty(request, 204);
}

static int on_hold(struct http_request *request, void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->held[fixture->n_held++] = request;
    return 0;
}

static const struct http_route routes[] = {
        {"GET", "/hello", on_hello},
        {"PUT", "/hello", on_hello, 4096},
        {"GET", "/hold", on_hold},
        {},
};

static int start(struct fixture *fixture, bool refuse)
{
    const struct http_server_options options = {
            .routes = routes,
            .refuse = refuse,
            .max_connections = MAX,
            .max_connections_per_address = MAX_PER_ADDRESS,
            .request_timeout_sec = REQUEST_SEC,
            .idle_timeout_sec = IDLE_SEC,
            .userdata = fixture,
    };
    int fd = listen_anywhere(&fixture->port);

    fixture->listener = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return http_server_new(fixture->event, fd, &options, &fixture->server);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(start(fixture, false), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    http_server_free(fixture->server);
    close(fixture->listener);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

static void run(const struct fixture *fixture)
{
    assert_true(sd_event_run(fixture->event, 20 * USEC_PER_MSEC) >= 0);
}

static uint64_t now_usec(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

/* Somebody at 127.0.0.`host`, once the server has taken notice of him. */
static int join(const struct fixture *fixture, unsigned host)
{
    struct sockaddr_in address = {
            .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + host - 1)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(fixture->port);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_true(sd_event_run(fixture->event, USEC_PER_MSEC) >= 0);
    return fd;
}

static void say(int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

/* What comes within `usec`: 1 something, 0 the end, -1 nothing. */
static int hear(const struct fixture *fixture, int fd, uint64_t usec)
{
    uint64_t end = now_usec() + usec;
    char text[512];
    ssize_t n;

    do {
        run(fixture);
        n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
        if (n >= 0)
            return n > 0;
        if (errno != EAGAIN)
            return 0;
    } while (now_usec() < end);
    return -1;
}

static bool is_served(const struct fixture *fixture, int fd)
{
    say(fd, REQUEST);
    return hear(fixture, fd, USEC_PER_SEC) == 1;
}

/* Says `text` again and again until the server hangs up; how long that took. */
static uint64_t dribble(const struct fixture *fixture, int fd, const char *text)
{
    uint64_t begin = now_usec();

    while (hear(fixture, fd, 50 * USEC_PER_MSEC) != 0) {
        say(fd, text);
        assert_true(now_usec() < begin + 30 * USEC_PER_SEC);
    }
    return now_usec() - begin;
}

static void test_no_byte_buys_time(void **state)
{
    static const char *const beginnings[] = {"", "GET /hello HTTP/1.1\r\nA: ",
            "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTSOF(beginnings); i++) {
        _cleanup_close_ int fd = join(fixture, 1);
        uint64_t usec;

        say(fd, beginnings[i]);
        usec = dribble(fixture, fd, "a");
        assert_in_range(usec, REQUEST_SEC * USEC_PER_SEC * 9 / 10, 10 * USEC_PER_SEC);
    }
}

static void test_silence_ends(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = join(fixture, 1), used = join(fixture, 2);

    assert_int_equal(hear(fixture, fd, REQUEST_SEC * USEC_PER_SEC / 2), -1);
    assert_int_equal(hear(fixture, fd, 10 * USEC_PER_SEC), 0);
    while (http_server_connections(fixture->server) > 0)
        run(fixture);
    close(used);
    used = join(fixture, 2);
    assert_true(is_served(fixture, used));
    /* Between two requests there is more time. */
    assert_int_equal(hear(fixture, used, REQUEST_SEC * USEC_PER_SEC * 3 / 2), -1);
    assert_true(is_served(fixture, used));
}

static void test_a_next_request_has_its_time_too(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = join(fixture, 1);

    assert_true(is_served(fixture, fd));
    assert_in_range(dribble(fixture, fd, "a"), IDLE_SEC * USEC_PER_SEC * 9 / 10, 10 * USEC_PER_SEC);
}

static void test_one_address_has_its_share(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int first = join(fixture, 1), second = join(fixture, 1),
                        other = join(fixture, 2), third = join(fixture, 1);

    assert_int_equal(hear(fixture, first, USEC_PER_SEC / 2), 0);
    assert_true(is_served(fixture, second));
    assert_true(is_served(fixture, third));
    assert_true(is_served(fixture, other));
}

static void test_the_greediest_make_room(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int modest = join(fixture, 3), first = join(fixture, 1),
                        second = join(fixture, 1), other = join(fixture, 2),
                        newcomer = join(fixture, 4);

    assert_int_equal(hear(fixture, first, USEC_PER_SEC / 2), 0);
    assert_true(is_served(fixture, modest));
    assert_true(is_served(fixture, second));
    assert_true(is_served(fixture, other));
    assert_true(is_served(fixture, newcomer));
}

static void test_who_asks_something_stays(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int asking = join(fixture, 1), idle = join(fixture, 1), newcomer = -1;

    say(asking, "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1");
    run(fixture);
    newcomer = join(fixture, 1);
    assert_int_equal(hear(fixture, idle, USEC_PER_SEC / 2), 0);
    say(asking, "2");
    assert_int_equal(hear(fixture, asking, USEC_PER_SEC), 1);
    assert_true(is_served(fixture, newcomer));
}

static void test_who_waits_for_his_answer_stays(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int first = join(fixture, 1), second = join(fixture, 1), third = -1;

    say(first, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    say(second, "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n");
    while (fixture->n_held < 2)
        run(fixture);
    third = join(fixture, 1);
    assert_int_equal(hear(fixture, third, USEC_PER_SEC), 0);
    assert_int_equal(hear(fixture, first, (REQUEST_SEC + IDLE_SEC) * USEC_PER_SEC), -1);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(http_respond_empty(fixture->held[i], 204), 0);
    assert_int_equal(hear(fixture, first, USEC_PER_SEC), 1);
    assert_int_equal(hear(fixture, second, USEC_PER_SEC), 1);
}

static void test_refuses_everybody(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = -1;

    http_server_free(fixture->server);
    close(fixture->listener);
    assert_int_equal(start(fixture, true), 0);
    fd = join(fixture, 1);
    assert_int_equal(hear(fixture, fd, USEC_PER_SEC), 0);
}

static void test_retired_serves_who_is_there(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int before = join(fixture, 1), after = -1;

    http_server_retire(fixture->server);
    after = join(fixture, 2);
    assert_true(is_served(fixture, before));
    say(after, REQUEST);
    /* He waits for the next server. */
    assert_int_equal(hear(fixture, after, USEC_PER_SEC / 2), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_no_byte_buys_time, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_silence_ends, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    test_a_next_request_has_its_time_too, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_one_address_has_its_share, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_the_greediest_make_room, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_who_asks_something_stays, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_who_waits_for_his_answer_stays, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_refuses_everybody, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_retired_serves_who_is_there, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
