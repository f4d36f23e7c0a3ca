/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The bench's register: who was enrolled, as what, and who may be. Each call is one transaction,
 * and what it promised to the device is durable when it returns.
 */

#include <stdbool.h>

#include "authority.h"
#include "database.h"
#include "refusal.h"
#include "request.h"

/* A device that has got its answer acknowledges within this time, or begins a new attempt. */
#define REGISTER_ACK_SEC (60 * 60)

/* What a device is told; free with enrolled_done(). */
struct enrolled {
    bool repeated; /* the same answer as before */
    bool revoked;  /* something was, on the way */
    char *id;
    char *hostname;
    char *uuid;
    char *certificate; /* PEM */
    char *key;         /* PEM, in bundle mode alone: this is the only copy */
    char *country;     /* of the batch; "": it has none */
    char *cloud_endpoint;
    int64_t ack_by;
};

/* What came of an acknowledgement, a refused one too; free serial with free(). */
struct acknowledged {
    char *serial; /* NULL: of an enrolment that nobody knows */
    bool revoked; /* the certificate that it had before */
};

/* Each returns 0; 1 with *ret_refusal filled; or a negative errno, with nothing changed. */
int register_challenge(struct database *database, const char *serial, time_t now, char **ret_nonce);
int register_enroll(struct database *database, const struct authority *authority,
        const struct enroll_request *request, time_t now, struct enrolled *ret,
        struct refusal *ret_refusal);
int register_acknowledge(struct database *database, const char *id,
        const struct ack_request *request, time_t now, struct acknowledged *ret,
        struct refusal *ret_refusal);

void enrolled_done(struct enrolled *enrolled);

struct register_summary {
    int64_t active;
    int64_t pending;
    int64_t places; /* that are left in open batches */
};

/* Looks at every enrolment: not for each request. */
int register_summary(struct database *database, struct register_summary *ret);

/* Whether the register can be read at all. */
int register_ping(struct database *database);
