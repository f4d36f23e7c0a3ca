/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Answers that go on: read at the reader's pace, and ended from either side. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "test-http.h"

struct fixture {
    sd_event *event;
    struct http_server *server;
    uint16_t port;
    struct http_stream *stream;
    const char *text; /* to be said */
    bool endless;     /* again and again */
    bool over;        /* and then it ends */
    unsigned closed;
};

static ssize_t on_read(void *userdata, char *buffer, size_t size)
{
    struct fixture *fixture = userdata;
    size_t n = fixture->text ? strlen(fixture->text) : 0;

    if (n == 0)
        return fixture->over ? -1 : 0;
    n = n < size ? n : size;
    memcpy(buffer, fixture->text, n);
    if (!fixture->endless)
        fixture->text += n;
    return (ssize_t)n;
}

static void on_closed(void *userdata)
{
    struct fixture *fixture = userdata;

    fixture->stream = NULL;
    fixture->closed++;
}

static int on_stream(struct http_request *request, void *userdata)
{
    static const struct http_stream_ops ops = {on_read, on_closed};
    struct fixture *fixture = userdata;

    return http_respond_stream(request, "text/event-stream", &ops, fixture, &fixture->stream);
}

static const struct http_route routes[] = {{"GET", "/stream", on_stream}, {}};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct http_server_options options = {.routes = routes, .userdata = fixture};

    assert_non_null(fixture);
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(http_server_new(fixture->event, listen_anywhere(&fixture->port), &options,
                             &fixture->server),
            0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    http_server_free(fixture->server);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

static void run(const struct fixture *fixture)
{
    assert_true(sd_event_run(fixture->event, 10 * USEC_PER_MSEC) >= 0);
}

/* A reader whose stream has begun. */
static int open_stream(struct fixture *fixture, const char *version)
{
    int fd = connect_to(fixture->port);
    char request[64];

    snprintf(request, sizeof(request), "GET /stream HTTP/%s\r\nHost: x\r\n\r\n", version);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while (!fixture->stream)
        run(fixture);
    return fd;
}

/* Reads until it has been told `text`, or to the end (NULL). */
static void expect(struct fixture *fixture, int fd, const char *text)
{
    char said[4096] = "";
    size_t used = 0;

    for (unsigned rounds = 0; rounds < 500; rounds++) {
        ssize_t n = recv(fd, said + used, sizeof(said) - 1 - used, MSG_DONTWAIT);

        if (n == 0) {
            assert_null(text);
            return;
        }
        if (n > 0) {
            used += n;
            said[used] = '\0';
            if (text && strstr(said, text))
                return;
        } else {
            run(fixture);
        }
    }
    fail_msg("not told: %s", text ?: "the end");
}

static void wait_closed(struct fixture *fixture)
{
    for (unsigned rounds = 0; rounds < 500 && fixture->closed == 0; rounds++)
        run(fixture);
    assert_int_equal(fixture->closed, 1);
    for (unsigned rounds = 0; rounds < 500 && http_server_connections(fixture->server); rounds++)
        run(fixture);
    assert_int_equal(http_server_connections(fixture->server), 0);
}

static void say(struct fixture *fixture, const char *text)
{
    fixture->text = text;
    http_stream_wake(fixture->stream);
}

static void test_tells_as_it_happens(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = -1;

    fixture->text = "first";
    fd = open_stream(fixture, "1.1");
    expect(fixture, fd, "first");
    for (unsigned i = 0; i < 3; i++) {
        say(fixture, i % 2 ? "odd" : "even");
        expect(fixture, fd, i % 2 ? "odd" : "even");
    }
    fixture->over = true;
    say(fixture, "last");
    expect(fixture, fd, "last");
    while (!fixture->closed)
        run(fixture);
}

static void test_tells_who_knows_no_chunks(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = open_stream(fixture, "1.0");

    say(fixture, "hello");
    expect(fixture, fd, "hello");
    http_stream_end(fixture->stream);
    expect(fixture, fd, NULL);
    wait_closed(fixture);
}

static void test_waits_without_waking_up(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = open_stream(fixture, "1.1");

    expect(fixture, fd, "200 OK");
    for (unsigned rounds = 0; sd_event_run(fixture->event, 50 * USEC_PER_MSEC) > 0; rounds++)
        assert_true(rounds < 20);
    say(fixture, "hello");
    expect(fixture, fd, "hello");
}

static void test_notices_who_hangs_up(void **state)
{
    struct fixture *fixture = *state;
    int fd = open_stream(fixture, "1.1");

    expect(fixture, fd, "200 OK");
    close(fd);
    wait_closed(fixture);
}

static void test_hangs_up_on_who_does_not_read(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = -1;

    fixture->text = "again and again";
    fixture->endless = true;
    fd = open_stream(fixture, "1.1");
    /* Until the sockets are full. */
    while (sd_event_run(fixture->event, 50 * USEC_PER_MSEC) > 0)
        ;
    assert_int_equal(fixture->closed, 0);
    http_stream_cut(fixture->stream);
    wait_closed(fixture);
}

static void test_ends_with_the_server(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = open_stream(fixture, "1.1");

    fixture->server = http_server_free(fixture->server);
    assert_int_equal(fixture->closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_tells_as_it_happens, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_tells_who_knows_no_chunks, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_waits_without_waking_up, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_notices_who_hangs_up, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_hangs_up_on_who_does_not_read, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_ends_with_the_server, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
