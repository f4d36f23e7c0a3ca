/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The load on a bench: so many devices at once, each of which does what identclient does over the
 * network, with the same code for TLS, keys and proofs: a connection of its own, challenge, CSR,
 * enroll, acknowledge. It keeps nothing on a disk. When one is done the next begins, until all are.
 * A device that has no answer gives up as it would on a line, and is counted; a refusal ends the
 * measure. What it costs itself is part of the result, so that nobody takes its limit for the
 * bench's.
 */

#include <stdio.h>
#include <string.h>
#include <systemd/sd-id128.h>

#include "crypto.h"
#include "enrolment-protocol.h"
#include "http-client.h"
#include "samples.h"
#include "unbox/store.h"

#define CA_MAX (64 * 1024)
#define TIMEOUT_USEC (60 * USEC_PER_SEC)

struct load {
    sd_event *event;
    const char *url;
    const char *prefix; /* of the serials */
    char *ca;
    unsigned left; /* that have not begun */
    unsigned number;
    unsigned under_way;
    unsigned given_up;
    char *reason; /* of the first of those; NULL: there is none */
    struct samples samples;
};

struct device {
    struct load *load;
    struct http_client *client;
    EVP_PKEY *key;
    char serial[65];
    uint64_t begun_at;
};

static int begin(struct device *device);

static void device_done(struct device *device)
{
    http_client_free(device->client);
    EVP_PKEY_free(device->key);
    device->client = NULL;
    device->key = NULL;
}

static void load_done(struct load *load)
{
    samples_clear(&load->samples);
    free(load->ca);
    free(load->reason);
    sd_event_unref(load->event);
}

/* It is not what a bench says to a device: there is nothing to be measured. */
static void fail(
        struct device *device, const char *step, const struct http_answer *answer, int error)
{
    fprintf(stderr, "bench-enrol: %s: %s: %s %u %.*s\n", device->serial, step,
            error < 0 ? strerrordesc_np(-error) : "", answer->status, (int)answer->size,
            answer->body);
    sd_event_exit(device->load->event, EXIT_FAILURE);
}

/* The next one takes its place. */
static void end(struct device *device)
{
    struct load *load = device->load;
    int r = 0;

    device_done(device);
    load->under_way--;
    if (load->left > 0)
        r = begin(device);
    if (r < 0 || load->under_way == 0)
        sd_event_exit(load->event, r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Whether the bench has answered; if not, the device has ended. */
static bool has_answer(struct device *device, const char *step, const struct http_answer *answer)
{
    struct load *load = device->load;

    if (answer->error >= 0)
        return true;
    load->given_up++;
    if (!load->reason && asprintf(&load->reason, "%s: %s", step, answer->message) < 0)
        load->reason = NULL;
    end(device);
    return false;
}

static int post(struct device *device, const char *path, json_t *body, http_answer_fn fn)
{
    _cleanup_free_ char *url = NULL;

    if (asprintf(&url, "%s%s", device->load->url, path) < 0) {
        url = NULL;
        json_decref(body);
        return -ENOMEM;
    }
    return http_client_request(device->client, url, body, fn, device);
}

static void on_acknowledged(const struct http_answer *answer, void *userdata)
{
    struct device *device = userdata;
    int r = 0;

    if (!has_answer(device, "ack", answer))
        return;
    if (answer->status == 204)
        r = samples_add(&device->load->samples, now_nsec() - device->begun_at);
    if (answer->status != 204 || r < 0)
        fail(device, "ack", answer, r);
    else
        end(device);
}

static int acknowledge(struct device *device, const char *id, const char *pem)
{
    char sha256[CRYPTO_SHA256_HEX_SIZE], message[ENROLMENT_PROOF_SIZE];
    _cleanup_free_ char *proof = NULL, *path = NULL;
    _cleanup_(X509_free_p) X509 *certificate = NULL;
    int size, r;

    r = crypto_certificate_from_pem(pem, &certificate);
    if (r >= 0)
        r = crypto_certificate_sha256(certificate, sha256);
    if (r < 0)
        return r;
    size = enrolment_proof(id, sha256, message);
    if (size < 0)
        return size;
    r = crypto_sign(device->key, message, size, &proof);
    if (r < 0)
        return r;
    if (asprintf(&path, "/v1/enroll/%s/ack", id) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    return post(device, path, json_pack("{s:s, s:s}", "cert_sha256", sha256, "pop", proof),
            on_acknowledged);
}

static void on_enrolled(const struct http_answer *answer, void *userdata)
{
    struct device *device = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *id, *pem;
    int r = -EBADMSG;

    if (!has_answer(device, "enroll", answer))
        return;
    if (answer->status == 201)
        body = json_loadb(answer->body, answer->size, 0, NULL);
    if (body && json_unpack(body, "{s:s, s:{s:s}}", "enrolment_id", &id, "serial_certs", "cert",
                        &pem) >= 0)
        r = acknowledge(device, id, pem);
    if (r < 0)
        fail(device, "enroll", answer, r);
}

static int enroll(struct device *device, const char *nonce)
{
    char attempt[SD_ID128_UUID_STRING_MAX];
    _cleanup_free_ char *csr = NULL;
    sd_id128_t id;
    int r;

    r = sd_id128_randomize(&id);
    if (r >= 0)
        r = crypto_request_new(device->key, device->serial, nonce, &csr);
    if (r < 0)
        return r;
    return post(device, "/v1/enroll",
            json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s}}", "v",
                    ENROLMENT_VERSION, "serial", device->serial, "product", "bench", "hw_rev", "1",
                    "batch", "", "attempt", sd_id128_to_uuid_string(id, attempt), "nonce", nonce,
                    "mode", "csr", "csr", csr, "macs", "eth0", "02:00:00:00:00:01"),
            on_enrolled);
}

static void on_challenge(const struct http_answer *answer, void *userdata)
{
    struct device *device = userdata;
    _cleanup_json_ json_t *body = NULL;
    const char *nonce;
    int r = -EBADMSG;

    if (!has_answer(device, "challenge", answer))
        return;
    if (answer->status == 200)
        body = json_loadb(answer->body, answer->size, 0, NULL);
    if (body && json_unpack(body, "{s:s}", "nonce", &nonce) >= 0)
        r = enroll(device, nonce);
    if (r < 0)
        fail(device, "challenge", answer, r);
}

static int begin(struct device *device)
{
    struct load *load = device->load;
    const struct http_client_options options = {
            .ca_pem = load->ca,
            .max_answer = ENROLMENT_ANSWER_MAX,
            .timeout_usec = TIMEOUT_USEC,
    };
    int r;

    load->left--;
    load->under_way++;
    (void)snprintf(device->serial, sizeof(device->serial), "%s-%06u", load->prefix, load->number++);
    device->begun_at = now_nsec();
    r = crypto_key_new(&device->key);
    if (r >= 0)
        r = http_client_new(load->event, &options, &device->client);
    return r < 0 ? r
                 : post(device, "/v1/challenge", json_pack("{s:s}", "serial", device->serial),
                           on_challenge);
}

static int measure(struct load *load, const char *ca, unsigned at_once)
{
    struct device *devices = calloc(at_once, sizeof(*devices));
    int r;

    if (!devices)
        return -ENOMEM;
    r = sd_event_new(&load->event);
    if (r >= 0)
        r = unbox_store_read(ca, CA_MAX, &load->ca, NULL);
    for (unsigned i = 0; r >= 0 && i < at_once && load->left > 0; i++) {
        devices[i].load = load;
        r = begin(&devices[i]);
    }
    if (r >= 0)
        r = sd_event_loop(load->event);
    for (unsigned i = 0; i < at_once; i++)
        device_done(&devices[i]);
    free(devices);
    return r > 0 ? -EIO : r;
}

int main(int argc, char **argv)
{
    _cleanup_(load_done) struct load load = {};
    double seconds;
    uint64_t begun;
    int r;

    if (argc != 6) {
        fputs("usage: bench-enrol URL CA PREFIX DEVICES AT-ONCE\n", stderr);
        return 2;
    }
    load.url = argv[1];
    load.prefix = argv[3];
    load.left = strtoul(argv[4], NULL, 10);
    begun = now_nsec();
    r = measure(&load, argv[2], strtoul(argv[5], NULL, 10));
    seconds = (now_nsec() - begun) / 1e9;
    if (r < 0) {
        fprintf(stderr, "bench-enrol: %s: %s\n", load.url, strerrordesc_np(-r));
        return EXIT_FAILURE;
    }
    return print_result(json_pack("{s:I, s:i, s:s?, s:f, s:f, s:o}", "devices",
            (json_int_t)load.samples.count, "given_up", load.given_up, "reason", load.reason,
            "seconds", seconds, "cpu", own_cpu_usec(), "latency", samples_summary(&load.samples)));
}
