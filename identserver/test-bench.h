/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A bench in a folder of its own, and a device's side of its register, for the unit tests. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "batch.h"
#include "enrolment-protocol.h"
#include "init.h"
#include "register.h"

#define NOW ((time_t)1800000000)
#define ATTEMPT_1 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a51"
#define ATTEMPT_2 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a52"
#define ATTEMPT_3 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a53"
#define ATTEMPT_4 "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a54"

struct bench {
    char *folder;
    struct database *database;
    struct authority *authority;
    EVP_PKEY *key;   /* of a device */
    EVP_PKEY *other; /* of another */
    struct refusal refusal;
};

/* One batch, B7, with two places and the hostnames KXP2-CORO-001… */
int bench_enter(void **state);
int bench_leave(void **state);

#define TEST(function) cmocka_unit_test_setup_teardown(function, bench_enter, bench_leave)

/* What a device does until it has its answer; `request` has what differs from the usual. Without a
 * key it asks for a bundle. */
int bench_ask(struct bench *bench, struct enroll_request request, EVP_PKEY *key, time_t now,
        struct enrolled *ret);
int bench_enroll(struct bench *bench, const char *serial, const char *attempt, EVP_PKEY *key,
        time_t now, struct enrolled *ret);
int bench_acknowledge(
        struct bench *bench, const struct enrolled *enrolled, EVP_PKEY *key, time_t now);

void assert_summary(struct bench *bench, int active, int pending, int places);
void assert_refused(int r, const struct bench *bench, unsigned status, const char *code);
void assert_detail(const struct bench *bench, const char *text);
