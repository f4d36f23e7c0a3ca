/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What an operator sees of many devices: each state has its own, and a page of the few that he
 * wants costs no more than they do, wherever among all of them they are.
 */

#include "test-bench.h"

#include "database-internal.h"
#include "list.h"

#define MANY 20000
/* SQLite's steps for a page that is full: by far fewer than there are devices. */
#define STEPS_MAX MANY
#define STEPS_AT_ONCE 100

#define COUNT "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "

static void fill(struct bench *bench)
{
    static const char *const statements[] = {
            COUNT "INSERT INTO hostnames (hostname, serial, given_at)"
                  " SELECT printf('h%05d', i), printf('S%05d', i), 1 FROM n",
            /* The last hundred are another batch's. */
            COUNT "INSERT INTO devices (serial, uuid, batch, hostname, product, hw_rev, macs,"
                  " first_seen_at, enrolled_at) SELECT printf('S%05d', i), printf('u%05d', i),"
                  " iif(i > 19900, 'B8', 'B7'), printf('h%05d', i), 'p', '1', '{}', 1, 1 FROM n",
            /* And of the last fifty, ten are in each state, but revoked are twenty. */
            COUNT "INSERT INTO enrolments (id, serial, attempt, kind, mode, spki_sha256,"
                  " cert_sha256, certificate, state, issued_at, ack_by)"
                  " SELECT printf('e%05d', i), printf('S%05d', i), printf('a%05d', i), 'enroll',"
                  " 'csr', 'x', printf('c%05d', i), 'x', iif(i <= 19950, 'active',"
                  " iif(i % 5 < 2, 'pending', iif(i % 5 < 4, 'revoked', 'active'))), 1,"
                  " iif(i % 5, 1, 9) FROM n",
    };

    assert_true(database_run(bench->database,
                        "INSERT INTO batches (name, quota, open, pool, created_at)"
                        " VALUES ('B8', 500, 1, 'KXP2-CORO', 1)",
                        "") > 0);
    for (size_t i = 0; i < ELEMENTSOF(statements); i++)
        assert_int_equal(database_run(bench->database, statements[i], "i", (int64_t)MANY), MANY);
    assert_int_equal(database_run(bench->database,
                             "UPDATE devices SET retired_at = 1"
                             " WHERE serial > 'S19950' AND state = 'active'",
                             ""),
            10);
}

static int count_step(void *userdata)
{
    *(int *)userdata += STEPS_AT_ONCE;
    return 0;
}

/* A page, and that not all devices were looked at for it. */
static json_t *page(struct bench *bench, const char *batch, const char *state, const char *after)
{
    json_t *list = NULL;
    int steps = 0;

    sqlite3_progress_handler(bench->database->sqlite, STEPS_AT_ONCE, count_step, &steps);
    assert_int_equal(list_devices(bench->database, batch, state, after, 0, 5, &list), 0);
    sqlite3_progress_handler(bench->database->sqlite, 0, NULL, NULL);
    if (steps > STEPS_MAX)
        fail_msg("%d steps for a page of %s %s behind %s", steps, batch, state, after);
    return list;
}

static void assert_page(struct bench *bench, const char *batch, const char *state,
        const char *after, size_t count, const char *first)
{
    _cleanup_json_ json_t *list = page(bench, batch, state, after);
    json_t *device = json_array_get(list, 0);

    assert_int_equal(json_array_size(list), count);
    assert_string_equal(json_string_value(json_object_get(device, "serial")), first);
    if (state)
        assert_string_equal(json_string_value(json_object_get(device, "state")), state);
}

static void test_a_page_costs_what_is_on_it(void **state)
{
    struct bench *bench = *state;

    fill(bench);
    assert_page(bench, NULL, NULL, NULL, 100, "S00001");
    assert_page(bench, NULL, NULL, "S10000", 100, "S10001");
    assert_page(bench, "B8", NULL, NULL, 100, "S19901");
    assert_page(bench, "B7", NULL, "S19890", 10, "S19891");
    assert_page(bench, NULL, "active", "S19900", 50, "S19901");
    assert_page(bench, NULL, "retired", NULL, 10, "S19954");
    assert_page(bench, "B8", "retired", NULL, 10, "S19954");
    assert_page(bench, NULL, "revoked", NULL, 20, "S19952");
    assert_page(bench, NULL, "revoked", "S19990", 4, "S19992");
    /* At the moment 5. */
    assert_page(bench, NULL, "pending", NULL, 10, "S19955");
    assert_page(bench, NULL, "expired", NULL, 10, "S19951");
    assert_page(bench, "B8", "expired", "S19951", 9, "S19956");
}

static void test_what_is_in_no_such_state_costs_nothing(void **state)
{
    static const char *const none[][2] = {{"B7", "retired"}, {"B7", "revoked"}, {"B7", "pending"},
            {"B7", "expired"}, {NULL, "new"}, {NULL, "no state"}, {"no batch", NULL}};
    struct bench *bench = *state;

    fill(bench);
    for (size_t i = 0; i < ELEMENTSOF(none); i++) {
        _cleanup_json_ json_t *list = page(bench, none[i][0], none[i][1], NULL);

        assert_int_equal(json_array_size(list), 0);
    }
}

static void assert_state(struct bench *bench, const char *state)
{
    _cleanup_json_ json_t *list = page(bench, NULL, NULL, NULL);

    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(
            json_string_value(json_object_get(json_array_get(list, 0), "state")), state);
}

/* The state that stands with the device goes along with what its enrolments come to. */
static void test_a_life(void **state)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    struct bench *bench = *state;

    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_1, bench->key, NOW, &enrolled), 0);
    assert_state(bench, "pending");
    assert_true(database_run(bench->database, "UPDATE enrolments SET state = 'revoked'", "") == 1);
    assert_state(bench, "revoked");
    enrolled_done(&enrolled);
    assert_int_equal(bench_enroll(bench, "1", ATTEMPT_2, bench->key, NOW, &enrolled), 0);
    assert_state(bench, "pending");
    assert_int_equal(bench_acknowledge(bench, &enrolled, bench->key, NOW), 0);
    assert_state(bench, "active");
    assert_true(database_run(bench->database, "UPDATE devices SET retired_at = 1", "") == 1);
    assert_state(bench, "retired");
    assert_true(database_run(bench->database,
                        "UPDATE enrolments SET state = 'revoked' WHERE state = 'active'", "") == 1);
    assert_state(bench, "retired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_page_costs_what_is_on_it),
            TEST(test_what_is_in_no_such_state_costs_nothing),
            TEST(test_a_life),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
