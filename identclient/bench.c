/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses, bodies and answers of the calls; what an answer means is verdict.c's. */

#include "bench.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "route.h"
#include "wire.h"

#define CALL_TIMEOUT_USEC (8 * USEC_PER_SEC)
/* A wire that is plugged in has its address within a second, of a busy DHCP server within a few. */
#define WIRE_TIMEOUT_USEC (5 * USEC_PER_SEC)

struct bench {
    sd_event *event;
    struct http_client *client;
    struct wire *wire; /* once it had to be waited for */
    char *url;
    char *where;
    char *interface;
    char *serial;
    bench_reply_fn reply;
    void *userdata;
};

DEFINE_CLEANUP(struct bench *, bench_free);

static char *where_of(const char *url)
{
    const char *authority = url + strlen("https://");

    return strndup(authority, strcspn(authority, "/"));
}

int bench_new(sd_event *event, const struct bench_options *options, struct bench **ret)
{
    const struct http_client_options http = {
            .ca_pem = options->ca_pem,
            .pins = options->pins,
            .interface = options->interface,
            .certificate_pem = options->certificate_pem,
            .key_pem = options->key_pem,
            .ignore_dates = options->ignore_dates,
            .max_answer = ENROLMENT_ANSWER_MAX,
            .timeout_usec = CALL_TIMEOUT_USEC,
    };
    _cleanup_(bench_free_p) struct bench *bench = calloc(1, sizeof(*bench));
    int r;

    if (!bench)
        return -ENOMEM;
    bench->event = sd_event_ref(event);
    bench->url = strndup(options->url, strcspn(options->url, "?#"));
    bench->where = where_of(options->url);
    bench->interface = options->interface ? strdup(options->interface) : NULL;
    bench->serial = strdup(options->serial);
    if (!bench->url || !bench->where || !bench->serial || (options->interface && !bench->interface))
        return -ENOMEM;
    if (bench->url[strlen(bench->url) - 1] == '/')
        bench->url[strlen(bench->url) - 1] = '\0';
    r = http_client_new(event, &http, &bench->client);
    if (r < 0)
        return r;
    *ret = STEAL(bench);
    return 0;
}

struct bench *bench_free(struct bench *bench)
{
    if (!bench)
        return NULL;
    http_client_free(bench->client);
    wire_free(bench->wire);
    sd_event_unref(bench->event);
    free(bench->url);
    free(bench->where);
    free(bench->interface);
    free(bench->serial);
    free(bench);
    return NULL;
}

const char *bench_where(const struct bench *bench)
{
    return bench->where;
}

static void on_answer(const struct http_answer *answer, void *userdata)
{
    struct bench *bench = userdata;
    _cleanup_json_ json_t *body = NULL;
    struct verdict verdict;

    verdict_of(answer, bench->where, bench->interface, bench->serial, &verdict);
    if (verdict.action == VERDICT_ACCEPTED && answer->status != 204) {
        body = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(body)) {
            verdict.action = VERDICT_RETRY;
            (void)snprintf(verdict.text, sizeof(verdict.text),
                    "malformed answer: %s did not send a JSON object", bench->where);
        }
    }
    bench->reply(&verdict, body, bench->userdata);
}

static int call(
        struct bench *bench, const char *path, json_t *body, bench_reply_fn reply, void *userdata)
{
    _cleanup_json_ json_t *owned = body;
    _cleanup_free_ char *url = NULL;

    if (!owned)
        return -ENOMEM;
    if (asprintf(&url, "%s%s", bench->url, path) < 0) {
        url = NULL;
        return -ENOMEM;
    }
    bench->reply = reply;
    bench->userdata = userdata;
    return http_client_request(bench->client, url, STEAL(owned), on_answer, bench);
}

_printf_(2, 3) static void reply_no_bench(struct bench *bench, const char *format, ...)
{
    struct verdict verdict = {.action = VERDICT_RETRY};
    va_list args;

    va_start(args, format);
    (void)vsnprintf(verdict.text, sizeof(verdict.text), format, args);
    va_end(args);
    bench->reply(&verdict, NULL, bench->userdata);
}

/* Of a host by name, and of one that can't be asked for, the connection says what is wrong. */
static bool is_elsewhere(const struct bench *bench)
{
    _cleanup_free_ char *host = strndup(bench->where, strcspn(bench->where, ":"));

    return bench->interface && host && route_is_own(bench->interface, host) == 0;
}

static int send_challenge(struct bench *bench)
{
    if (is_elsewhere(bench)) {
        reply_no_bench(bench,
                "no bench: only the default route leads to %s on %s, and to somebody else",
                bench->where, bench->interface);
        return 0;
    }
    return call(bench, "/v1/challenge", json_pack("{s:s}", "serial", bench->serial), bench->reply,
            bench->userdata);
}

static void on_wire(int error, void *userdata)
{
    struct bench *bench = userdata;
    int r;

    if (error < 0) {
        reply_no_bench(
                bench, "no bench: %s has no address: is the wire plugged in?", bench->interface);
        return;
    }
    r = send_challenge(bench);
    if (r < 0)
        reply_no_bench(bench, "can't ask the bench %s: %s", bench->where, strerror(-r));
}

/* An interface that isn't there is the connection's to complain of. */
bool bench_has_wire(const struct bench *bench)
{
    return !bench->interface || if_nametoindex(bench->interface) == 0 ||
           wire_has_address(bench->interface);
}

int bench_challenge(struct bench *bench, bench_reply_fn reply, void *userdata)
{
    bench->reply = reply;
    bench->userdata = userdata;
    if (!bench->wire && !bench_has_wire(bench))
        return wire_new(
                bench->event, bench->interface, WIRE_TIMEOUT_USEC, on_wire, bench, &bench->wire);
    return send_challenge(bench);
}

int bench_ask(struct bench *bench, const char *path, json_t *request, bench_reply_fn reply,
        void *userdata)
{
    return call(bench, path, request, reply, userdata);
}

int bench_acknowledge(struct bench *bench, const char *enrolment_id, const char *cert_sha256,
        const char *proof, bench_reply_fn reply, void *userdata)
{
    char path[sizeof("/v1/enroll//ack") + 36];

    (void)snprintf(path, sizeof(path), "/v1/enroll/%s/ack", enrolment_id);
    return call(bench, path, json_pack("{s:s, s:s}", "cert_sha256", cert_sha256, "pop", proof),
            reply, userdata);
}
