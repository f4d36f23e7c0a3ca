/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Bytes on a connection, as strangers send them, to a server with a route for each kind of body: a
 * form of the page, JSON, and what is taken as it is. Whatever they are, handlers see bodies within
 * their limits, and nothing is left of a stranger who has gone.
 */

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http-server.h"

#define BODY_MAX 4096
#define ROUNDS 20
#define ROUNDS_MAX 5000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int on_form(struct http_request *request, void *userdata)
{
    struct http_field fields[] = {{"password"}, {"again"}, {"current", .max = 16}};
    int r = http_request_form(request, fields, ELEMENTSOF(fields));

    if (r < 0 && r != -EBADMSG)
        abort();
    for (size_t i = 0; i < ELEMENTSOF(fields); i++) {
        if (!memchr(fields[i].value, '\0', (fields[i].max ?: HTTP_FIELD_MAX) + 1))
            abort();
    }
    http_fields_done(fields, ELEMENTSOF(fields));
    return http_respond_empty(request, r < 0 ? 400 : 204);
}

static int on_json(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;
    int r = http_request_json(request, &body);

    if (r < 0)
        return r == -EBADMSG ? 0 : r;
    if (!json_is_object(body))
        abort();
    return http_respond_json(request, 200, json_incref(body));
}

static int on_any(struct http_request *request, void *userdata)
{
    size_t size;

    (void)http_request_body(request, &size);
    if (size > BODY_MAX || !http_request_param(request, "name"))
        abort();
    return http_respond_empty(request, 204);
}

static const struct http_route routes[] = {
        {"POST", "/form", on_form, BODY_MAX},
        {"PUT", "/json", on_json, BODY_MAX},
        {"PUT", "/any/{name}", on_any, BODY_MAX},
        {"GET", "/any/{name}", on_any},
        {},
};

/* It lives as long as the fuzzer. */
static struct fixture {
    sd_event *event;
    struct http_server *server;
    struct sockaddr_in address;
} fixture;

static void tear_down(void)
{
    http_server_free(fixture.server);
    sd_event_unref(fixture.event);
}

static void set_up(void)
{
    const struct http_server_options options = {.routes = routes};
    socklen_t size = sizeof(fixture.address);
    int fd;

    if (sd_event_new(&fixture.event) < 0 || http_listen("127.0.0.1", 0, false, &fd) < 0 ||
            getsockname(fd, (struct sockaddr *)&fixture.address, &size) < 0 ||
            http_server_new(fixture.event, fd, &options, &fixture.server) < 0)
        abort();
    (void)atexit(tear_down);
}

/* Lets the server do all that can be done at once. */
static void run(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (sd_event_run(fixture.event, 0) < 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (!fixture.server)
        set_up();
    /* More would have to be sent in pieces. */
    if (size > 64 * 1024)
        return 0;
    if (fd < 0 || connect(fd, (struct sockaddr *)&fixture.address, sizeof(fixture.address)) < 0 ||
            send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)size)
        abort();
    run();
    close(STEAL_FD(fd));
    for (unsigned i = 0; http_server_connections(fixture.server) > 0; i++) {
        if (i == ROUNDS_MAX || sd_event_run(fixture.event, USEC_PER_MSEC) < 0)
            abort();
    }
    return 0;
}
