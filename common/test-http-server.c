/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The HTTP server with a client that speaks bytes, both in one event loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "http-internal.h"

struct fixture {
    sd_event *event;
    struct http_server *server;
    uint16_t port;
    struct http_request *held; /* of the route that answers late */
    unsigned changes;          /* of the number of connections */
    char answer[8192];
};

static int on_hello(struct http_request *request, void *userdata)
{
    return http_respond_json(request, 200,
            json_pack("{ss ss* ss*}", "peer", http_request_peer(request), "name",
                    http_request_param(request, "name"), "q", http_request_query(request, "q")));
}

static int on_echo(struct http_request *request, void *userdata)
{
    json_t *body;
    int r = http_request_json(request, &body);

    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    return http_respond_json(request, 200, body);
}

static int on_hold(struct http_request *request, void *userdata)
{
    ((struct fixture *)userdata)->held = request;
    return 0;
}

static int on_fail(struct http_request *request, void *userdata)
{
    return -EIO;
}

static int on_static(struct http_request *request, void *userdata)
{
    return http_respond_static(request, 200, "text/plain", "\"tag\"", "hello", 5);
}

static int on_redirect(struct http_request *request, void *userdata)
{
    assert_int_equal(http_request_add_header(request, "X-Bad", "a\r\nX-Worse: b"), -EINVAL);
    return http_respond_redirect(request, "/hello/you");
}

static const struct http_route routes[] = {
        {"GET", "/hello/{name}", on_hello},
        {"POST", "/echo", on_echo, 64},
        {"GET", "/hold", on_hold},
        {"GET", "/fail", on_fail},
        {"GET", "/static", on_static},
        {"GET", "/redirect", on_redirect},
        {},
};

static int refuse_strangers(struct http_request *request, void *userdata)
{
    if (!http_request_header(request, "X-Stranger"))
        return 0;
    return http_respond_problem(request, 403, "stranger", NULL, "Not you.") < 0 ? -EIO : 1;
}

static void on_connections_changed(void *userdata)
{
    ((struct fixture *)userdata)->changes++;
}

static int set_up(void **state)
{
    static const char *const headers[] = {"X-Everywhere", "yes", NULL};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    struct http_server_options options = {
            .routes = routes,
            .before = refuse_strangers,
            .headers = headers,
            .connections_changed = on_connections_changed,
            .userdata = fixture,
    };
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    int fd;

    assert_non_null(fixture);
    assert_int_equal(sd_event_new(&fixture->event), 0);
    assert_int_equal(http_listen("127.0.0.1", 0, false, &fd), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    fixture->port = ntohs(address.sin_port);
    assert_int_equal(http_server_new(fixture->event, fd, &options, &fixture->server), 0);
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

static int connect_to(const struct fixture *fixture)
{
    struct sockaddr_in address = {
            .sin_family = AF_INET,
            .sin_port = htons(fixture->port),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void run_for(const struct fixture *fixture, uint64_t usec)
{
    assert_true(sd_event_run(fixture->event, usec) >= 0);
}

/* Reads until the server closes, while it runs. */
static void receive(struct fixture *fixture, int fd)
{
    size_t used = 0;

    for (unsigned rounds = 0; rounds < 1000; rounds++) {
        ssize_t n =
                recv(fd, fixture->answer + used, sizeof(fixture->answer) - 1 - used, MSG_DONTWAIT);

        if (n == 0)
            break;
        if (n > 0)
            used += n;
        else
            run_for(fixture, 10 * USEC_PER_MSEC);
    }
    fixture->answer[used] = '\0';
}

/* Sends one request; its answer, whole, is in fixture->answer. Returns the status. */
static int ask(struct fixture *fixture, const char *request)
{
    _cleanup_close_ int fd = connect_to(fixture);
    size_t size = strlen(request);

    assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
    receive(fixture, fd);
    assert_int_equal(strncmp(fixture->answer, "HTTP/1.1 ", 9), 0);
    return atoi(fixture->answer + 9);
}

#define HEAD " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static bool says(const struct fixture *fixture, const char *text)
{
    return strstr(fixture->answer, text) != NULL;
}

static void test_answers(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "GET /hello/you?q=a%20b" HEAD "\r\n"), 200);
    assert_true(says(fixture, "{\"peer\":\"127.0.0.1\",\"name\":\"you\",\"q\":\"a b\"}"));
    assert_true(says(fixture, "X-Everywhere: yes\r\n"));
    assert_true(says(fixture, "Cache-Control: no-store\r\n"));
    assert_int_equal(ask(fixture, "HEAD /hello/you" HEAD "\r\n"), 200);
    assert_false(says(fixture, "peer"));
    assert_int_equal(ask(fixture, "GET /redirect" HEAD "\r\n"), 302);
    assert_true(says(fixture, "Location: /hello/you\r\n"));
    assert_false(says(fixture, "X-Worse"));
}

static void test_refuses(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "GET /nothing" HEAD "\r\n"), 404);
    assert_true(says(fixture, "application/problem+json"));
    assert_int_equal(ask(fixture, "GET /hello/" HEAD "\r\n"), 404);
    assert_int_equal(ask(fixture, "GET /hello/a/b" HEAD "\r\n"), 404);
    assert_int_equal(ask(fixture, "GET /hello/a%00b" HEAD "\r\n"), 400);
    assert_int_equal(ask(fixture, "DELETE /echo" HEAD "\r\n"), 405);
    assert_true(says(fixture, "Allow: POST\r\n"));
    assert_int_equal(ask(fixture, "GET /hello/you" HEAD "X-Stranger: yes\r\n\r\n"), 403);
    assert_int_equal(ask(fixture, "GET /fail" HEAD "\r\n"), 500);
}

#define JSON "Content-Type: application/json; charset=utf-8\r\n"

static void test_reads_bodies(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(
            ask(fixture, "POST /echo" HEAD JSON "Content-Length: 7\r\n\r\n{\"a\":1}"), 200);
    assert_true(says(fixture, "\r\n\r\n{\"a\":1}"));
    assert_int_equal(ask(fixture, "POST /echo" HEAD JSON "Transfer-Encoding: chunked\r\n\r\n"
                                  "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"),
            200);
    assert_int_equal(ask(fixture, "POST /echo" HEAD "Content-Length: 2\r\n\r\n{}"), 415);
    assert_int_equal(ask(fixture, "POST /echo" HEAD JSON "Content-Length: 2\r\n\r\n[]"), 400);
    assert_int_equal(ask(fixture, "GET /hello/you" HEAD "Content-Length: 2\r\n\r\n{}"), 413);
}

static void test_limits_bodies(void **state)
{
    struct fixture *fixture = *state;
    char request[1024];

    /* One that is read to its end although it is refused, one that never comes, one unannounced. */
    snprintf(request, sizeof(request), "POST /echo" HEAD JSON "Content-Length: 65\r\n\r\n%065d", 0);
    assert_int_equal(ask(fixture, request), 413);
    assert_int_equal(
            ask(fixture, "POST /echo" HEAD JSON "Content-Length: 99999999999\r\n\r\n"), 413);
    snprintf(request, sizeof(request),
            "POST /echo" HEAD JSON "Transfer-Encoding: chunked\r\n\r\n41\r\n%065d\r\n0\r\n\r\n", 0);
    assert_int_equal(ask(fixture, request), 413);
}

static void test_answers_late(void **state)
{
    static const char request[] = "GET /hold" HEAD "\r\n";
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_to(fixture);

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while (!fixture->held)
        run_for(fixture, 10 * USEC_PER_MSEC);
    /* Another one is served meanwhile. */
    assert_int_equal(ask(fixture, "GET /hello/you" HEAD "\r\n"), 200);
    assert_int_equal(http_respond_json(fixture->held, 200, json_pack("{ss}", "late", "yes")), 0);
    receive(fixture, fd);
    assert_true(says(fixture, "{\"late\":\"yes\"}"));
}

static void test_answers_who_is_gone(void **state)
{
    static const char request[] = "GET /hold" HEAD "\r\n";
    struct fixture *fixture = *state;
    int fd = connect_to(fixture);

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while (!fixture->held)
        run_for(fixture, 10 * USEC_PER_MSEC);
    close(fd);
    assert_int_equal(http_respond_empty(fixture->held, 204), 0);
    while (http_server_connections(fixture->server) > 0)
        run_for(fixture, 10 * USEC_PER_MSEC);
}

static void test_ends_with_open_requests(void **state)
{
    static const char request[] = "GET /hold" HEAD "\r\n";
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_to(fixture);

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while (!fixture->held)
        run_for(fixture, 10 * USEC_PER_MSEC);
    fixture->server = http_server_free(fixture->server);
    receive(fixture, fd);
    assert_true(says(fixture, "HTTP/1.1 503 "));
}

static void test_counts_connections(void **state)
{
    struct fixture *fixture = *state;
    int fd = connect_to(fixture);

    while (http_server_connections(fixture->server) != 1)
        run_for(fixture, 10 * USEC_PER_MSEC);
    assert_int_equal(fixture->changes, 1);
    close(fd);
    while (http_server_connections(fixture->server) != 0)
        run_for(fixture, 10 * USEC_PER_MSEC);
    while (fixture->changes != 2)
        run_for(fixture, 10 * USEC_PER_MSEC);
}

static void test_static_is_not_sent_twice(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "GET /static" HEAD "\r\n"), 200);
    assert_true(says(fixture, "ETag: \"tag\"\r\n"));
    assert_true(says(fixture, "\r\n\r\nhello"));
    assert_int_equal(ask(fixture, "GET /static" HEAD "If-None-Match: \"tag\"\r\n\r\n"), 304);
    assert_false(says(fixture, "hello"));
    assert_int_equal(ask(fixture, "GET /static" HEAD "If-None-Match: \"other\"\r\n\r\n"), 200);
}

static void test_lists_of_tags(void **state)
{
    assert_true(http_lists_etag("\"a\"", "\"a\""));
    assert_true(http_lists_etag("\"b\", W/\"a\"", "\"a\""));
    assert_true(http_lists_etag("*", "\"a\""));
    assert_false(http_lists_etag("\"ab\"", "\"a\""));
    assert_false(http_lists_etag("\"a\"b", "\"a\""));
    assert_false(http_lists_etag("", "\"a\""));
    assert_false(http_lists_etag(NULL, "\"a\""));
}

static void test_types(void **state)
{
    assert_true(http_type_is_json("application/json"));
    assert_true(http_type_is_json("Application/JSON ; charset=utf-8"));
    assert_false(http_type_is_json("application/jsonp"));
    assert_false(http_type_is_json("text/plain"));
    assert_false(http_type_is_json(NULL));
}

static void test_refuses_half_a_tls_identity(void **state)
{
    struct http_server_options options = {.routes = routes, .tls_key_pem = "key"};
    struct http_server *server;

    assert_int_equal(http_server_new(NULL, -1, &options, &server), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_refuses, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_reads_bodies, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_limits_bodies, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_answers_late, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_answers_who_is_gone, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_ends_with_open_requests, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_counts_connections, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_static_is_not_sent_twice, set_up, tear_down),
            cmocka_unit_test(test_lists_of_tags),
            cmocka_unit_test(test_types),
            cmocka_unit_test(test_refuses_half_a_tls_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
