/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The HTTP server with a client that speaks bytes, both in one event loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "http-internal.h"
#include "test-http.h"

struct fixture {
    sd_event *event;
    struct http_server *server;
    uint16_t port;
    struct http_request *held; /* of the route that answers late */
    unsigned changes;          /* of the number of connections */
    unsigned looks;            /* at requests, before they are read */
    char answer[8192];
};

static int on_hello(struct http_request *request, void *userdata)
{
    char local[INET6_ADDRSTRLEN];

    assert_int_equal(http_request_local(request, local), 0);
    return http_respond_json(request, 200,
            json_pack("{ss ss ss* ss*}", "peer", http_request_peer(request), "local", local, "name",
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

static int on_form(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"user", .max = 2000}, {"password"}};
    int r = http_request_form(request, fields, ELEMENTSOF(fields));

    if (r == -EBADMSG)
        r = http_respond_problem(request, 400, "bad_form", NULL, "No form.");
    else
        r = http_respond_json(request, 200,
                json_pack("{ss ss}", "user", fields[0].value, "password", fields[1].value));
    http_fields_done(fields, ELEMENTSOF(fields));
    return r;
}

static int on_where(struct http_request *request, void *userdata)
{
    struct fixture *fixture = userdata;
    char local[INET6_ADDRSTRLEN];

    assert_int_equal(http_request_local(request, local), 0);
    assert_int_equal(http_request_local_port(request), fixture->port);
    return http_respond_json(request, 200,
            json_pack("{ss sb ss*}", "local", local, "tls", http_request_is_tls(request), "cookie",
                    http_request_cookie(request, "a")));
}

static const struct http_route routes[] = {
        {"GET", "/hello/{name}", on_hello},
        {"POST", "/echo", on_echo, 64},
        {"POST", "/form", on_form, 4096},
        {"GET", "/where", on_where},
        {"GET", "/hold", on_hold},
        {"GET", "/fail", on_fail},
        {"GET", "/static", on_static},
        {"GET", "/redirect", on_redirect},
        {},
};

static int refuse_strangers(struct http_request *request, void *userdata)
{
    ((struct fixture *)userdata)->looks++;
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
    _cleanup_close_ int fd = connect_to(fixture->port);
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
    assert_true(says(fixture,
            "{\"peer\":\"127.0.0.1\",\"local\":\"127.0.0.1\",\"name\":\"you\",\"q\":\"a b\"}"));
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

static void test_refuses_what_has_two_meanings(void **state)
{
    static const char *const requests[] = {
            "GET /hello/you HTTP/1.1\r\nConnection: close\r\n\r\n",
            "GET /hello/you HTTP/1.1\nHost: x\nConnection: close\n\n",
            "GET /hello/you" HEAD "A: b\nC: d\r\n\r\n",
            "GET /hello/you" HEAD "A: b\n\r\n",
            "GET /hello/you" HEAD "A: b\rC: d\r\n\r\n",
            "GET /hello/you" HEAD "A : b\r\n\r\n",
            "GET  /hello/you" HEAD "\r\n",
            "GET /hello/a b" HEAD "\r\n",
            /* libmicrohttpd makes a Content-Length of it, a Transfer-Encoding, a Host. */
            "POST /echo" HEAD JSON "Content-Lengt: 2\r\n h\r\n\r\n{}",
            "POST /echo" HEAD JSON "Transfer-Encodin: chunked\r\n\tg\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "GET /hello/you HTTP/1.1\r\nConnection: close\r\nHos: x\r\n t\r\n\r\n",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
        assert_int_equal(ask(fixture, requests[i]), 400);
        assert_true(says(fixture, "application/problem+json"));
        assert_true(says(fixture, "Connection: close\r\n"));
    }
}

/* The status of a request with `size` digits between `before` and `after`. */
static int ask_long(struct fixture *fixture, const char *before, int size, const char *after)
{
    _cleanup_free_ char *request = NULL;

    assert_true(asprintf(&request, "%s%0*d%s", before, size, 0, after) > 0);
    return ask(fixture, request);
}

static void test_refuses_what_is_too_long(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask_long(fixture, "GET /hello/", 4000, HEAD "\r\n"), 200);
    assert_int_equal(ask_long(fixture, "GET /hello/", 4096, HEAD "\r\n"), 414);
    assert_true(says(fixture, "application/problem+json"));
    assert_int_equal(ask_long(fixture, "GET /hello/you" HEAD "A:\t ", 8000, "\r\n\r\n"), 200);
    assert_int_equal(ask_long(fixture, "GET /hello/you" HEAD "A: ", 8192, "\r\n\r\n"), 431);
    assert_true(says(fixture, "application/problem+json"));
}

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
    _cleanup_close_ int fd = connect_to(fixture->port);

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
    int fd = connect_to(fixture->port);

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
    _cleanup_close_ int fd = connect_to(fixture->port);

    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    while (!fixture->held)
        run_for(fixture, 10 * USEC_PER_MSEC);
    fixture->server = http_server_free(fixture->server);
    receive(fixture, fd);
    assert_true(says(fixture, "HTTP/1.1 503 "));
}

/* Its owner has freed by then what its requests are looked at with. */
static void test_ends_before_a_request_is_looked_at(void **state)
{
    static const char request[] = "GET /hello/you" HEAD "\r\n";
    struct fixture *fixture = *state;
    _cleanup_close_ int fd = connect_to(fixture->port);

    while (http_server_connections(fixture->server) != 1)
        run_for(fixture, 10 * USEC_PER_MSEC);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    fixture->server = http_server_free(fixture->server);
    receive(fixture, fd);
    assert_true(says(fixture, "HTTP/1.1 503 "));
    assert_int_equal(fixture->looks, 0);
}

static void test_counts_connections(void **state)
{
    struct fixture *fixture = *state;
    int fd = connect_to(fixture->port);

    while (http_server_connections(fixture->server) != 1)
        run_for(fixture, 10 * USEC_PER_MSEC);
    assert_int_equal(fixture->changes, 1);
    close(fd);
    while (http_server_connections(fixture->server) != 0)
        run_for(fixture, 10 * USEC_PER_MSEC);
    while (fixture->changes != 2)
        run_for(fixture, 10 * USEC_PER_MSEC);
}

/* A late answer that can't be made is one all the same. */
static void test_settles(void **state)
{
    static const char request[] = "GET /hold" HEAD "\r\n";
    struct fixture *fixture = *state;

    http_request_settle(NULL, -EIO);
    for (int answered = 0; answered <= 1; answered++) {
        _cleanup_close_ int fd = connect_to(fixture->port);

        fixture->held = NULL;
        assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
        while (!fixture->held)
            run_for(fixture, 10 * USEC_PER_MSEC);
        http_request_settle(fixture->held, 0);
        if (answered)
            assert_int_equal(http_respond_empty(fixture->held, 204), 0);
        http_request_settle(fixture->held, -EIO);
        receive(fixture, fd);
        assert_true(says(fixture, answered ? "HTTP/1.1 204 " : "HTTP/1.1 500 "));
    }
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

/* Posts `body` to /form; returns the status. */
static int post_form(struct fixture *fixture, const char *type, const char *body)
{
    _cleanup_free_ char *text = NULL;

    assert_true(
            asprintf(&text, "POST /form" HEAD "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                    type, strlen(body), body) > 0);
    return ask(fixture, text);
}

static void test_reads_forms(void **state)
{
    static const char type[] = "application/x-www-form-urlencoded";
    struct fixture *fixture = *state;
    char body[2100] = "password=";

    assert_int_equal(post_form(fixture, type, "password=a+b%26%C3%A9&other=1&user=me"), 200);
    assert_true(says(fixture, "{\"user\":\"me\",\"password\":\"a b&\303\251\"}"));
    assert_int_equal(post_form(fixture, type, "user=me&password="), 200);
    assert_true(says(fixture, "{\"user\":\"me\",\"password\":\"\"}"));
    assert_int_equal(post_form(fixture, type, ""), 200);
    assert_true(says(fixture, "{\"user\":\"\",\"password\":\"\"}"));
    assert_int_equal(post_form(fixture, type, "password=a%00b"), 400);
    assert_int_equal(post_form(fixture, "application/json", "password=a"), 400);
    memset(body + 9, 'x', 1023);
    assert_int_equal(post_form(fixture, type, body), 200);
    memset(body + 9, 'x', 1024);
    assert_int_equal(post_form(fixture, type, body), 400);
    memset(body + 9, 'x', 2000);
    assert_int_equal(post_form(fixture, type, body), 400);
    /* One that may be longer. */
    memcpy(body, "user=xxxx", 9);
    assert_int_equal(post_form(fixture, type, body), 400);
    body[5 + 2000] = '\0';
    assert_int_equal(post_form(fixture, type, body), 200);
}

#define PART(name, text)                                                                           \
    "--edge\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"a.pem\"\r\n"          \
    "Content-Type: application/x-pem-file\r\n\r\n" text "\r\n"

static void test_reads_files_of_forms(void **state)
{
    static const char type[] = "multipart/form-data; boundary=edge";
    struct fixture *fixture = *state;

    assert_int_equal(
            post_form(fixture, type, PART("user", "a\r\nb=&") PART("other", "") "--edge--\r\n"),
            200);
    assert_true(says(fixture, "{\"user\":\"a\\r\\nb=&\",\"password\":\"\"}"));
    /* Cut off, and without the edge between the parts. */
    assert_int_equal(post_form(fixture, type, PART("user", "a")), 400);
    assert_int_equal(
            post_form(fixture, "multipart/form-data", PART("user", "a") "--edge--\r\n"), 400);
}

static void test_knows_its_connection(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(ask(fixture, "GET /where" HEAD "Cookie: b=2; a=1\r\n\r\n"), 200);
    assert_true(says(fixture, "{\"local\":\"127.0.0.1\",\"tls\":false,\"cookie\":\"1\"}"));
    assert_int_equal(ask(fixture, "GET /where" HEAD "\r\n"), 200);
    assert_false(says(fixture, "cookie"));
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
            cmocka_unit_test_setup_teardown(test_refuses_what_has_two_meanings, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_refuses_what_is_too_long, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_settles, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_reads_bodies, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_limits_bodies, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_answers_late, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_answers_who_is_gone, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_ends_with_open_requests, set_up, tear_down),
            cmocka_unit_test_setup_teardown(
                    test_ends_before_a_request_is_looked_at, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_counts_connections, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_static_is_not_sent_twice, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_reads_forms, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_reads_files_of_forms, set_up, tear_down),
            cmocka_unit_test_setup_teardown(test_knows_its_connection, set_up, tear_down),
            cmocka_unit_test(test_refuses_half_a_tls_identity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
