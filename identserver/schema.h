/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bench's tables. What must never happen on a factory line is written as a constraint, so that
 * no code can do it: a hostname given twice, two active identities of one serial, a batch over its
 * quota, an audit entry changed. There is no column for a device's private key.
 */

/* PRAGMA application_id: "unbx". */
#define SCHEMA_APPLICATION_ID 0x756e6278
#define SCHEMA_VERSION 1

#define SCHEMA_TABLES                                                                              \
    "CREATE TABLE hostname_pools ("                                                                \
    "  prefix TEXT PRIMARY KEY,"                                                                   \
    "  next INTEGER NOT NULL"                                                                      \
    ") STRICT;"                                                                                    \
    "CREATE TABLE batches ("                                                                       \
    "  name TEXT PRIMARY KEY,"                                                                     \
    "  quota INTEGER NOT NULL,"                                                                    \
    "  used INTEGER NOT NULL DEFAULT 0 CHECK (used <= quota),"                                     \
    "  open INTEGER NOT NULL,"                                                                     \
    "  pool TEXT NOT NULL REFERENCES hostname_pools(prefix),"                                      \
    "  created_at INTEGER NOT NULL"                                                                \
    ") STRICT;"                                                                                    \
    "CREATE TABLE hostnames ("                                                                     \
    "  hostname TEXT PRIMARY KEY COLLATE NOCASE,"                                                  \
    "  serial TEXT NOT NULL,"                                                                      \
    "  given_at INTEGER NOT NULL"                                                                  \
    ") STRICT;"                                                                                    \
    "CREATE TABLE devices ("                                                                       \
    "  serial TEXT PRIMARY KEY,"                                                                   \
    "  uuid TEXT NOT NULL UNIQUE,"                                                                 \
    "  batch TEXT NOT NULL REFERENCES batches(name),"                                              \
    "  hostname TEXT NOT NULL UNIQUE REFERENCES hostnames(hostname),"                              \
    "  product TEXT NOT NULL,"                                                                     \
    "  hw_rev TEXT NOT NULL,"                                                                      \
    "  macs TEXT NOT NULL,"                                                                        \
    "  first_seen_at INTEGER NOT NULL"                                                             \
    ") STRICT;"                                                                                    \
    "CREATE TABLE enrolments ("                                                                    \
    "  id TEXT PRIMARY KEY,"                                                                       \
    "  serial TEXT NOT NULL REFERENCES devices(serial),"                                           \
    "  attempt TEXT NOT NULL UNIQUE,"                                                              \
    "  spki_sha256 TEXT NOT NULL,"                                                                 \
    "  cert_sha256 TEXT NOT NULL UNIQUE,"                                                          \
    "  certificate TEXT NOT NULL,"                                                                 \
    "  state TEXT NOT NULL CHECK (state IN ('pending', 'active', 'revoked')),"                     \
    "  issued_at INTEGER NOT NULL,"                                                                \
    "  ack_by INTEGER NOT NULL,"                                                                   \
    "  acknowledged_at INTEGER,"                                                                   \
    "  revoked_at INTEGER"                                                                         \
    ") STRICT;"                                                                                    \
    "CREATE UNIQUE INDEX one_active ON enrolments(serial) WHERE state = 'active';"                 \
    "CREATE UNIQUE INDEX one_pending ON enrolments(serial) WHERE state = 'pending';"               \
    "CREATE TABLE nonces ("                                                                        \
    "  nonce TEXT PRIMARY KEY,"                                                                    \
    "  serial TEXT NOT NULL,"                                                                      \
    "  expires_at INTEGER NOT NULL"                                                                \
    ") STRICT;"                                                                                    \
    "CREATE INDEX nonces_by_expiry ON nonces(expires_at);"                                         \
    "CREATE TABLE audit ("                                                                         \
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"                                                      \
    "  at INTEGER NOT NULL,"                                                                       \
    "  event TEXT NOT NULL,"                                                                       \
    "  serial TEXT NOT NULL,"                                                                      \
    "  detail TEXT NOT NULL"                                                                       \
    ") STRICT;"                                                                                    \
    "CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN"                                    \
    "  SELECT RAISE(ABORT, 'the audit is append-only'); END;"                                      \
    "CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN"                                   \
    "  SELECT RAISE(ABORT, 'the audit is append-only'); END;"
