/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What devices ask, taken apart and checked as far as that goes without the register. */

#include <jansson.h>

#include "crypto.h"
#include "refusal.h"

/* Which call asks for a certificate. */
enum enroll_kind {
    ENROLL_FIRST,    /* /v1/enroll */
    ENROLL_REASSIGN, /* /v1/reassign */
    ENROLL_RENEW,    /* /v1/renew */
};

struct enroll_request {
    enum enroll_kind kind;
    const char *serial; /* this and the others are borrowed from the body */
    const char *product;
    const char *hw_rev;
    const char *batch; /* "": whichever is open */
    const char *attempt;
    const char *nonce;
    const char *token;  /* NULL: none */
    const char *reason; /* of a re-assignment; "" otherwise */
    char *macs;         /* the JSON object, as text */
    bool bundle;        /* the bench makes the key; otherwise: */
    struct crypto_request csr;
    char spki_sha256[CRYPTO_SHA256_HEX_SIZE];
    char peer_sha256[CRYPTO_SHA256_HEX_SIZE]; /* of a renewal: the certificate shown over TLS */
};

struct ack_request {
    const char *cert_sha256; /* borrowed from the body, as the other */
    const char *proof;
};

/*
 * Each returns 0; 1 with *ret_refusal filled when the request isn't as the protocol has it; or a
 * negative errno. `body` has to outlive *ret.
 */
int challenge_request_parse(json_t *body, const char **ret_serial, struct refusal *ret_refusal);
int enroll_request_parse(json_t *body, enum enroll_kind kind, struct enroll_request *ret,
        struct refusal *ret_refusal);
int ack_request_parse(json_t *body, struct ack_request *ret, struct refusal *ret_refusal);

void enroll_request_done(struct enroll_request *request);
