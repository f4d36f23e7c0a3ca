/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The bench's answers as the protocol has them. Nothing in one is believed before it is checked. */

#include <jansson.h>
#include <stdint.h>

/* To /v1/challenge. Borrowed from the body. */
struct challenge_answer {
    const char *nonce;
    int64_t server_time; /* seconds since 1970 */
};

/* To /v1/enroll. Borrowed from the body. */
struct enroll_answer {
    const char *enrolment_id;
    const char *hostname;
    const char *uuid;
    const char *cert;
    const char *chain;
    const char *ca;
    const char *key;     /* NULL, but in bundle mode */
    const char *country; /* two capital letters, or NULL */
    json_t *cloud;       /* NULL when the bench has nothing to say of it */
    int64_t server_time;
};

/*
 * 0, or -EBADMSG with *ret_problem saying in static words what is wrong with it. `body` has to
 * outlive the answer.
 */
int challenge_answer_parse(json_t *body, struct challenge_answer *ret, const char **ret_problem);
int enroll_answer_parse(json_t *body, struct enroll_answer *ret, const char **ret_problem);
