/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Bodies of the calls. Devices of an unknown number of lines send them: nothing is trusted.
 */

#include "request.h"

#include <errno.h>
#include <string.h>

#include "enrolment-protocol.h"

#define WORD_MAX 64
#define REASON_MAX 200
#define MACS_MAX 8
#define MAC_LENGTH_MAX 64

static int bad_request(struct refusal *ret_refusal, const char *detail)
{
    return refuse(ret_refusal, 400, ENROLMENT_BAD_REQUEST, "%s", detail);
}

int challenge_request_parse(json_t *body, const char **ret_serial, struct refusal *ret_refusal)
{
    const char *serial;

    if (json_unpack(body, "{s:s}", "serial", &serial) < 0)
        return bad_request(ret_refusal, "the request has no serial");
    if (!enrolment_serial_valid(serial))
        return bad_request(ret_refusal, "the serial is not 1 to 64 of A-Z a-z 0-9 . _ -");
    *ret_serial = serial;
    return 0;
}

/* They are kept as they came, so they are held to what hardware addresses look like. */
static int read_macs(json_t *macs, char **ret, struct refusal *ret_refusal)
{
    const char *interface;
    json_t *mac;
    char *text;

    if (json_object_size(macs) > MACS_MAX)
        return bad_request(ret_refusal, "too many macs");
    json_object_foreach (macs, interface, mac) {
        const char *value = json_string_value(mac);

        if (!value || strlen(value) > MAC_LENGTH_MAX || strlen(interface) > WORD_MAX ||
                strspn(value, "0123456789abcdef:") != strlen(value))
            return bad_request(ret_refusal, "macs is not an object of hardware addresses");
    }
    text = json_dumps(macs, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return -ENOMEM;
    *ret = text;
    return 0;
}

static int read_csr(const char *pem, struct enroll_request *request, struct refusal *ret_refusal)
{
    int r;

    r = crypto_request_from_pem(pem, &request->csr);
    if (r == -EBADMSG || r == -EKEYREJECTED)
        return refuse(ret_refusal, 422, ENROLMENT_BAD_CSR,
                "the CSR can't be read, is not signed by its key, or the key is not on P-256");
    if (r < 0)
        return r;
    if (strcmp(request->csr.name, request->serial) != 0)
        return refuse(
                ret_refusal, 422, ENROLMENT_BAD_CSR, "the CSR is for another serial than asked");
    if (strcmp(request->csr.challenge, request->nonce) != 0)
        return refuse(ret_refusal, 422, ENROLMENT_BAD_CSR, "the CSR carries another nonce");
    return crypto_key_sha256(request->csr.key, request->spki_sha256);
}

static bool is_plain(const char *text, size_t max)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return false;
    return strlen(text) <= max;
}

static int check_words(const struct enroll_request *request, struct refusal *ret_refusal)
{
    const char *words[] = {
            request->product, request->hw_rev, request->batch, request->nonce, request->token};

    if (!enrolment_serial_valid(request->serial))
        return bad_request(ret_refusal, "the serial is not 1 to 64 of A-Z a-z 0-9 . _ -");
    if (!enrolment_uuid_valid(request->attempt))
        return bad_request(ret_refusal, "attempt is not a UUID");
    for (size_t i = 0; i < ELEMENTSOF(words); i++)
        if (words[i] && !is_plain(words[i], WORD_MAX))
            return bad_request(
                    ret_refusal, "product, hw_rev, batch, nonce or token is not a short word");
    if (!is_plain(request->reason, REASON_MAX))
        return bad_request(ret_refusal, "the reason is too long, or not one line");
    return 0;
}

/* The members of the three calls; a renewal has but few. */
static int unpack(json_t *body, struct enroll_request *request, const char **ret_mode,
        const char **ret_csr, json_t **ret_macs, struct refusal *ret_refusal)
{
    json_int_t version;
    int r;

    *ret_mode = "csr";
    if (request->kind == ENROLL_RENEW)
        r = json_unpack(body, "{s:I, s:s, s:s, s:s, s:s}", "v", &version, "serial",
                &request->serial, "attempt", &request->attempt, "nonce", &request->nonce, "csr",
                ret_csr);
    else
        r = json_unpack(body, "{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s?s, s:o, s?s, s?s}", "v",
                &version, "serial", &request->serial, "product", &request->product, "hw_rev",
                &request->hw_rev, "batch", &request->batch, "attempt", &request->attempt, "nonce",
                &request->nonce, "mode", ret_mode, "csr", ret_csr, "macs", ret_macs, "token",
                &request->token, "reason", &request->reason);
    if (r < 0 || (*ret_macs && !json_is_object(*ret_macs)))
        return bad_request(ret_refusal, "a member is missing or of the wrong type");
    if (version != ENROLMENT_VERSION)
        return bad_request(ret_refusal, "this bench speaks version 1 of the protocol only");
    return check_words(request, ret_refusal);
}

/* A CSR, or in bundle mode none. */
static int read_mode(const char *mode, const char *csr, struct enroll_request *request,
        struct refusal *ret_refusal)
{
    if (strcmp(mode, "csr") == 0)
        return csr ? read_csr(csr, request, ret_refusal)
                   : bad_request(ret_refusal, "the request has no CSR");
    if (strcmp(mode, "bundle") != 0)
        return refuse(ret_refusal, 422, ENROLMENT_MODE_UNSUPPORTED,
                "this bench knows the modes csr and bundle");
    if (csr)
        return bad_request(ret_refusal, "a bundle is asked for without a CSR");
    request->bundle = true;
    return 0;
}

int enroll_request_parse(json_t *body, enum enroll_kind kind, struct enroll_request *ret,
        struct refusal *ret_refusal)
{
    _cleanup_(enroll_request_done) struct enroll_request request = {
            .kind = kind,
            .product = "",
            .hw_rev = "",
            .batch = "",
            .reason = "",
    };
    const char *mode, *csr = NULL;
    json_t *macs = NULL;
    int r;

    r = unpack(body, &request, &mode, &csr, &macs, ret_refusal);
    if (r != 0)
        return r;
    if (kind == ENROLL_REASSIGN && !*request.reason)
        return bad_request(ret_refusal, "a re-assignment says its reason");
    r = macs ? read_macs(macs, &request.macs, ret_refusal) : 0;
    if (r != 0)
        return r;
    r = read_mode(mode, csr, &request, ret_refusal);
    if (r != 0)
        return r;
    *ret = request;
    request = (struct enroll_request){};
    return 0;
}

int ack_request_parse(json_t *body, struct ack_request *ret, struct refusal *ret_refusal)
{
    struct ack_request request;

    if (json_unpack(
                body, "{s:s, s:s}", "cert_sha256", &request.cert_sha256, "pop", &request.proof) < 0)
        return bad_request(ret_refusal, "cert_sha256 or pop is missing");
    if (!enrolment_sha256_valid(request.cert_sha256))
        return bad_request(ret_refusal, "cert_sha256 is not a SHA-256 in hexadecimal");
    *ret = request;
    return 0;
}

void enroll_request_done(struct enroll_request *request)
{
    crypto_request_done(&request->csr);
    free(request->macs);
    *request = (struct enroll_request){};
}
