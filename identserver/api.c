/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Routes, and what the register says turned into HTTP: its answers into JSON, its refusals into
 * problems with an id under which audit and journal have them too.
 */

#include "api.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "audit.h"
#include "enrolment-protocol.h"
#include "http-server.h"
#include "register.h"
#include "request.h"
#include "unbox/log.h"

#define UNAVAILABLE_RETRY_SEC "10"

struct api {
    struct http_server *server;
    struct api_options options;
};

/* Under which a line of the journal and a device's problem are found to be the same. */
static json_t *correlation(char id[static SD_ID128_UUID_STRING_MAX])
{
    sd_id128_t random = SD_ID128_NULL;

    (void)sd_id128_randomize(&random);
    (void)sd_id128_to_uuid_string(random, id);
    return json_pack("{s:s}", "correlation_id", id);
}

static int respond_refusal(struct api *api, struct http_request *request, const char *serial,
        const struct refusal *refusal)
{
    char id[SD_ID128_UUID_STRING_MAX], detail[sizeof(refusal->detail) + 128];
    json_t *extra = correlation(id);
    int r;

    (void)snprintf(detail, sizeof(detail), "%s: %s (%s)", refusal->code, refusal->detail, id);
    unbox_log(LOG_WARNING, "Refused %s at %s: %s", *serial ? serial : "a device",
            http_request_peer(request), detail);
    r = audit_add(api->options.database, time(NULL), "refused", serial, detail);
    if (r < 0)
        (void)unbox_log_errno(LOG_ERR, r, "Can't write the audit");
    return http_respond_problem(
            request, refusal->status, refusal->code, extra, "%s", refusal->detail);
}

/* The register failed, not the device: it may come again. */
static int respond_unavailable(struct api *api, struct http_request *request, int error)
{
    char id[SD_ID128_UUID_STRING_MAX];
    json_t *extra = correlation(id);

    (void)unbox_log_errno(LOG_ERR, error, "The register can't be used (%s, %s)",
            database_message(api->options.database), id);
    (void)http_request_add_header(request, "Retry-After", UNAVAILABLE_RETRY_SEC);
    return http_respond_problem(request, 503, ENROLMENT_BENCH_UNAVAILABLE, extra,
            "the bench's database: %s", strerror(-error));
}

/* How every call ends that wasn't answered yet: r is 1 for a refusal, or a negative errno. */
static int respond_failure(struct api *api, struct http_request *request, const char *serial,
        const struct refusal *refusal, int r)
{
    return r > 0 ? respond_refusal(api, request, serial, refusal)
                 : respond_unavailable(api, request, r);
}

static int on_health(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    int r;

    r = register_ping(api->options.database);
    if (r < 0)
        return respond_unavailable(api, request, r);
    return http_respond_json(request, 200,
            json_pack("{s:s, s:I}", "status", "healthy", "timestamp", (json_int_t)time(NULL)));
}

static int on_challenge(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    _cleanup_json_ json_t *body = NULL;
    _cleanup_free_ char *nonce = NULL;
    struct refusal refusal = {};
    const char *serial = "";
    time_t now = time(NULL);
    int r;

    if (http_request_json(request, &body) < 0)
        return 0;
    r = challenge_request_parse(body, &serial, &refusal);
    if (r == 0)
        r = register_challenge(api->options.database, serial, now, &nonce);
    if (r != 0)
        return respond_failure(api, request, serial, &refusal, r);
    return http_respond_json(
            request, 200, json_pack("{s:s, s:I}", "nonce", nonce, "server_time", (json_int_t)now));
}

/* What the batch has for its devices, and nothing that it hasn't. */
static json_t *cloud_answer(const struct enrolled *enrolled)
{
    return *enrolled->cloud_endpoint ? json_pack("{s:s}", "endpoint", enrolled->cloud_endpoint)
                                     : json_object();
}

static json_t *enroll_answer(
        const struct api *api, const struct enrolled *enrolled, time_t server_time)
{
    return json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s*}, s:o, s:s*, s:I, s:I}",
            "enrolment_id", enrolled->id, "hostname", enrolled->hostname, "uuid", enrolled->uuid,
            "serial_certs", "cert", enrolled->certificate, "chain", "", "ca",
            authority_pem(api->options.authority), "key", enrolled->key, "cloud",
            cloud_answer(enrolled), "country", *enrolled->country ? enrolled->country : NULL,
            "server_time", (json_int_t)server_time, "ack_by", (json_int_t)enrolled->ack_by);
}

static int enroll(struct api *api, struct http_request *request, const struct enroll_request *asked)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct refusal refusal = {};
    time_t now = time(NULL);
    int r;

    r = register_enroll(
            api->options.database, api->options.authority, asked, now, &enrolled, &refusal);
    if (r != 0)
        return respond_failure(api, request, asked->serial, &refusal, r);
    unbox_log(LOG_INFO, "Issued %s to %s%s%s", enrolled.hostname, asked->serial,
            asked->bundle ? ", with a key" : "", enrolled.repeated ? ", again" : "");
    api->options.changed(enrolled.revoked, api->options.userdata);
    return http_respond_json(
            request, enrolled.repeated ? 200 : 201, enroll_answer(api, &enrolled, now));
}

/* Whom a refusal is about, as far as he says so; "": he doesn't. */
static const char *claimed_serial(const json_t *body)
{
    const char *serial = json_string_value(json_object_get(body, "serial"));

    return serial && enrolment_serial_valid(serial) ? serial : "";
}

/* As far as the calls that ask for a certificate are alike. */
static int on_enroll_as(
        struct api *api, struct http_request *request, enum enroll_kind kind, const char *peer)
{
    _cleanup_(enroll_request_done) struct enroll_request asked = {};
    _cleanup_json_ json_t *body = NULL;
    struct refusal refusal = {};
    int r;

    if (http_request_json(request, &body) < 0)
        return 0;
    r = enroll_request_parse(body, kind, &asked, &refusal);
    if (r != 0)
        return respond_failure(api, request, claimed_serial(body), &refusal, r);
    if (peer)
        memcpy(asked.peer_sha256, peer, sizeof(asked.peer_sha256));
    return enroll(api, request, &asked);
}

static int on_enroll(struct http_request *request, void *userdata)
{
    return on_enroll_as(userdata, request, ENROLL_FIRST, NULL);
}

static int on_reassign(struct http_request *request, void *userdata)
{
    return on_enroll_as(userdata, request, ENROLL_REASSIGN, NULL);
}

/* Whether the peer has shown a certificate of ours that holds; which one is the register's to
 * judge. 0, 1 or a negative errno. */
static int check_peer(struct api *api, struct http_request *request,
        char ret_sha256[static CRYPTO_SHA256_HEX_SIZE], struct refusal *ret_refusal)
{
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    const char *reason = "it can't be read";
    const void *der;
    size_t size;
    int r;

    if (http_request_certificate(request, &der, &size) < 0)
        return refuse(ret_refusal, 403, ENROLMENT_REASSIGN_NOT_AUTHORISED,
                "a renewal needs TLS with the device's present certificate");
    r = crypto_certificate_from_der(der, size, &certificate);
    if (r >= 0)
        r = crypto_certificate_check(
                certificate, NULL, authority_pem(api->options.authority), time(NULL), &reason);
    if (r == -EBADMSG || r == -EKEYREJECTED)
        return refuse(ret_refusal, 403, ENROLMENT_REASSIGN_NOT_AUTHORISED,
                "the certificate does not hold (%s): ask the bench operator for a re-assignment",
                reason);
    return r < 0 ? r : crypto_certificate_sha256(certificate, ret_sha256);
}

static int on_renew(struct http_request *request, void *userdata)
{
    char sha256[CRYPTO_SHA256_HEX_SIZE];
    _cleanup_json_ json_t *body = NULL;
    struct refusal refusal = {};
    struct api *api = userdata;
    int r;

    if (http_request_json(request, &body) < 0)
        return 0;
    r = check_peer(api, request, sha256, &refusal);
    if (r != 0)
        return respond_failure(api, request, claimed_serial(body), &refusal, r);
    return on_enroll_as(api, request, ENROLL_RENEW, sha256);
}

static int on_crl(struct http_request *request, void *userdata)
{
    struct api *api = userdata;
    const void *der;
    size_t size;

    der = revocation_der(api->options.revocation, time(NULL), &size);
    if (!der)
        return -ENODATA;
    return http_respond_data(request, 200, "application/pkix-crl", der, size);
}

static int acknowledge(struct api *api, struct http_request *request, const char *id, json_t *body)
{
    struct acknowledged acknowledged = {};
    _cleanup_free_ char *serial = NULL;
    struct refusal refusal = {};
    struct ack_request asked;
    int r;

    r = ack_request_parse(body, &asked, &refusal);
    if (r == 0 && !enrolment_uuid_valid(id))
        r = refuse(&refusal, 400, ENROLMENT_BAD_REQUEST, "the enrolment's id is not a UUID");
    if (r == 0)
        r = register_acknowledge(
                api->options.database, id, &asked, time(NULL), &acknowledged, &refusal);
    serial = acknowledged.serial;
    if (r != 0)
        return respond_failure(api, request, serial ?: "", &refusal, r);
    unbox_log(LOG_INFO, "%s has its identity", serial);
    api->options.changed(acknowledged.revoked, api->options.userdata);
    return http_respond_empty(request, 204);
}

static int on_acknowledge(struct http_request *request, void *userdata)
{
    _cleanup_json_ json_t *body = NULL;

    if (http_request_json(request, &body) < 0)
        return 0;
    return acknowledge(userdata, request, http_request_param(request, "id"), body);
}

static const struct http_route routes[] = {
        {"GET", "/health", on_health, 0},
        {"POST", "/v1/challenge", on_challenge, ENROLMENT_REQUEST_MAX},
        {"POST", "/v1/enroll", on_enroll, ENROLMENT_REQUEST_MAX},
        {"POST", "/v1/enroll/{id}/ack", on_acknowledge, ENROLMENT_REQUEST_MAX},
        {"POST", "/v1/reassign", on_reassign, ENROLMENT_REQUEST_MAX},
        {"POST", "/v1/renew", on_renew, ENROLMENT_REQUEST_MAX},
        {"GET", "/v1/crl", on_crl, 0},
        {},
};

int api_new(sd_event *event, int fd, const struct api_options *options, struct api **ret)
{
    _cleanup_(api_free_p) struct api *api = calloc(1, sizeof(*api));
    int r;

    if (!api)
        return -ENOMEM;
    api->options = *options;
    const struct http_server_options server = {
            .routes = routes,
            .tls_key_pem = options->key_pem,
            .tls_cert_pem = options->certificate_pem,
            .tls_client_ca_pem = authority_pem(options->authority),
            .userdata = api,
    };
    r = http_server_new(event, fd, &server, &api->server);
    if (r < 0)
        return r;
    *ret = STEAL(api);
    return 0;
}

struct api *api_free(struct api *api)
{
    if (!api)
        return NULL;
    http_server_free(api->server);
    free(api);
    return NULL;
}
