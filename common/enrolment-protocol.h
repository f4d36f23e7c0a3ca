/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What both ends of the enrolment must agree on: the version of the protocol, the codes of its
 * refusals, what a serial and a hostname may look like, and what the device signs to prove that it
 * has its key.
 */

#include <stdbool.h>
#include <stddef.h>

#define ENROLMENT_VERSION 1

/* The longest body of either side. */
#define ENROLMENT_REQUEST_MAX (16 * 1024)
#define ENROLMENT_ANSWER_MAX (64 * 1024)

/* `code` of a problem (application/problem+json). */
#define ENROLMENT_BAD_REQUEST "bad_request"
#define ENROLMENT_BAD_CSR "bad_csr"
#define ENROLMENT_BAD_PROOF "bad_proof"
#define ENROLMENT_MODE_UNSUPPORTED "mode_unsupported"
#define ENROLMENT_NONCE_EXPIRED "nonce_expired"
#define ENROLMENT_BATCH_CLOSED "batch_closed"
#define ENROLMENT_SERIAL_NOT_ALLOWED "serial_not_allowed"
#define ENROLMENT_ALREADY_ISSUED "already_issued"
#define ENROLMENT_SPKI_MISMATCH "spki_mismatch"
#define ENROLMENT_ATTEMPT_EXPIRED "attempt_expired"
#define ENROLMENT_BENCH_UNAVAILABLE "bench_unavailable"

/* 1 to 64 of A-Z a-z 0-9 . _ -, and neither "." nor "..": it becomes a common name. */
bool enrolment_serial_valid(const char *serial);

/* One label of RFC 1123: 1 to 63 letters, digits and hyphens, no hyphen at either end. */
bool enrolment_hostname_valid(const char *hostname);

/* A UUID in its usual form, lower case (RFC 9562). */
bool enrolment_uuid_valid(const char *uuid);

/* A SHA-256 in lower-case hexadecimal. */
bool enrolment_sha256_valid(const char *hex);

/*
 * What an ack's `pop` signs: "ident-ack-v1", a NUL, the enrolment's id, the certificate's SHA-256
 * in hexadecimal. Returns how many bytes of `ret` it takes, or -EINVAL for an id or a digest of
 * another form.
 */
#define ENROLMENT_PROOF_SIZE (sizeof("ident-ack-v1") + 36 + 64)
int enrolment_proof(const char *id, const char *cert_sha256, char ret[static ENROLMENT_PROOF_SIZE]);
