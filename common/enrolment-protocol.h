/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What both ends of the enrolment must agree on: the version of the protocol, the codes of its
 * refusals, what a serial and a hostname may look like, and what the device signs to prove that it
 * has its key.
 *
 * HTTPS and JSON; the device trusts one CA and the bench's address in its certificate. Moments are
 * seconds since 1970, keys are on P-256, certificates and requests are PEM.
 *
 *   POST /v1/challenge       {serial}
 *     200                    {nonce, server_time}
 *   POST /v1/enroll          {v, serial, product, hw_rev, batch, attempt, nonce, mode: "csr", csr,
 *                             macs: {INTERFACE: ADDRESS}, token?}
 *     201                    {enrolment_id, hostname, uuid, serial_certs: {cert, chain, ca, key?},
 *                             cloud: {endpoint?}, country?, server_time, ack_by}
 *     200                    the same answer, to the same attempt with the same key
 *   POST /v1/reassign        the same, with {token, reason}
 *   POST /v1/renew           {v, serial, attempt, nonce, csr}, over TLS with the present
 * certificate POST /v1/enroll/ID/ack   {cert_sha256, pop} 204                    the credential is
 * active; again on repetition GET /v1/crl              the CA's list of revoked certificates (DER,
 * application/pkix-crl) GET /health              {status: "healthy", timestamp}
 *
 * The CSR's subject is the serial, and it carries the nonce as challengePassword. An attempt that
 * is not acknowledged by ack_by is let go; a serial keeps its hostname and UUID for ever. A
 * re-assignment or a renewal revokes the old certificate at the new one's ack.
 *
 * With mode "bundle", and no CSR, the bench makes the key: it is in that answer (serial_certs.key)
 * and nowhere else. Asked again before the ack there is another one, and the first is revoked;
 * asked after it, attempt_expired.
 *
 * A refusal is a problem (RFC 9457) with a code and a correlation_id, under which the bench's
 * journal and audit have it too:
 *
 *   400  bad_request                            the device stops
 *   401  token_invalid                          the device stops
 *   403  batch_closed, serial_not_allowed       the device stops
 *   403  reassign_not_authorised                the device stops
 *   409  already_issued, spki_mismatch          the device stops
 *   410  attempt_expired                        the device begins a new attempt
 *   422  bad_csr, bad_proof, mode_unsupported   the device stops
 *   422  nonce_expired                          the device asks for another nonce, once
 *   503  bench_unavailable, with Retry-After    the device tries again, as for any 5xx, 429 or 202
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
#define ENROLMENT_TOKEN_INVALID "token_invalid"
#define ENROLMENT_REASSIGN_NOT_AUTHORISED "reassign_not_authorised"
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
