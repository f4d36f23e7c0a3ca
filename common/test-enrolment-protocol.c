/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The forms of what crosses the wire, and the bytes that a device signs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "enrolment-protocol.h"

#define UUID "6f9a1a0e-5a0b-4d3e-9a51-0c1d2e3f4a5b"
#define LETTERS_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_serials(void **state)
{
    assert_true(enrolment_serial_valid("100000007800abcd"));
    assert_true(enrolment_serial_valid("KXP2_core-1.0"));
    assert_true(enrolment_serial_valid(LETTERS_63 "a"));
    assert_false(enrolment_serial_valid(LETTERS_63 "aa"));
    assert_false(enrolment_serial_valid(""));
    assert_false(enrolment_serial_valid(".."));
    assert_false(enrolment_serial_valid("../etc"));
    assert_false(enrolment_serial_valid("a b"));
    assert_false(enrolment_serial_valid("a\n"));
}

static void test_hostnames(void **state)
{
    assert_true(enrolment_hostname_valid("KXP2-CORO-001"));
    assert_true(enrolment_hostname_valid("1"));
    assert_true(enrolment_hostname_valid(LETTERS_63));
    assert_false(enrolment_hostname_valid(LETTERS_63 "a"));
    assert_false(enrolment_hostname_valid(""));
    assert_false(enrolment_hostname_valid("-a"));
    assert_false(enrolment_hostname_valid("a-"));
    assert_false(enrolment_hostname_valid("a.b"));
    assert_false(enrolment_hostname_valid("../a"));
}

static void test_uuids_and_digests(void **state)
{
    assert_true(enrolment_uuid_valid(UUID));
    assert_false(enrolment_uuid_valid("6F9A1A0E-5A0B-4D3E-9A51-0C1D2E3F4A5B"));
    assert_false(enrolment_uuid_valid("6f9a1a0e5a0b4d3e9a510c1d2e3f4a5b"));
    assert_false(enrolment_uuid_valid(UUID "/"));
    assert_true(enrolment_sha256_valid(LETTERS_63 "0"));
    assert_false(enrolment_sha256_valid(LETTERS_63 "A"));
    assert_false(enrolment_sha256_valid(LETTERS_63));
}

static void test_proof(void **state)
{
    static const char expected[] = "ident-ack-v1\0" UUID LETTERS_63 "0";
    char proof[ENROLMENT_PROOF_SIZE];

    assert_int_equal(enrolment_proof(UUID, LETTERS_63 "0", proof), sizeof(expected) - 1);
    assert_memory_equal(proof, expected, sizeof(expected) - 1);
    assert_int_equal(enrolment_proof(UUID, "0", proof), -EINVAL);
    assert_int_equal(enrolment_proof("..", LETTERS_63 "0", proof), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_serials),
            cmocka_unit_test(test_hostnames),
            cmocka_unit_test(test_uuids_and_digests),
            cmocka_unit_test(test_proof),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
