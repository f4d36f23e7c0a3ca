/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Addresses, bodies and answers of the three calls; what an answer means is verdict.c's. */

#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"

#define CALL_TIMEOUT_USEC (8 * USEC_PER_SEC)

struct bench {
    struct http_client *client;
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
            .interface = options->interface,
            /* A device fresh from the line has no clock yet; the bench gives it one. */
            .ignore_dates = true,
            .max_answer = ENROLMENT_ANSWER_MAX,
            .timeout_usec = CALL_TIMEOUT_USEC,
    };
    _cleanup_(bench_free_p) struct bench *bench = calloc(1, sizeof(*bench));
    int r;

    if (!bench)
        return -ENOMEM;
    bench->url = strndup(options->url, strcspn(options->url, "?#"));
    bench->where = where_of(options->url);
    bench->interface = strdup(options->interface);
    bench->serial = strdup(options->serial);
    if (!bench->url || !bench->where || !bench->interface || !bench->serial)
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

int bench_challenge(struct bench *bench, bench_reply_fn reply, void *userdata)
{
    return call(
            bench, "/v1/challenge", json_pack("{s:s}", "serial", bench->serial), reply, userdata);
}

int bench_enroll(struct bench *bench, json_t *request, bench_reply_fn reply, void *userdata)
{
    return call(bench, "/v1/enroll", request, reply, userdata);
}

int bench_acknowledge(struct bench *bench, const char *enrolment_id, const char *cert_sha256,
        const char *proof, bench_reply_fn reply, void *userdata)
{
    char path[sizeof("/v1/enroll//ack") + 36];

    (void)snprintf(path, sizeof(path), "/v1/enroll/%s/ack", enrolment_id);
    return call(bench, path, json_pack("{s:s, s:s}", "cert_sha256", cert_sha256, "pop", proof),
            reply, userdata);
}
