/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What devices ask, taken apart and checked as far as that goes without the register. */

#include <jansson.h>

#include "crypto.h"
#include "refusal.h"

struct enroll_request {
    const char *serial; /* this and the others are borrowed from the body */
    const char *product;
    const char *hw_rev;
    const char *batch; /* "": whichever is open */
    const char *attempt;
    const char *nonce;
    char *macs; /* the JSON object, as text */
    struct crypto_request csr;
    char spki_sha256[CRYPTO_SHA256_HEX_SIZE];
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
int enroll_request_parse(json_t *body, struct enroll_request *ret, struct refusal *ret_refusal);
int ack_request_parse(json_t *body, struct ack_request *ret, struct refusal *ret_refusal);

void enroll_request_done(struct enroll_request *request);
