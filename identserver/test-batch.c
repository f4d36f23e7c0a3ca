/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Batches, allow-lists and pools: who gets in, with which name, and what an operator is told; and
 * that a database of the first version becomes one of ours. */

#include "test-bench.h"

#include "allow.h"
#include "operator-error.h"
#include "pool.h"
#include "register-internal.h"
#include "retire.h"
#include "schema.h"
#include "token.h"

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

static int add(struct bench *bench, const char *name, int64_t quota, int listed, const char *pool,
        const char *pattern)
{
    const struct batch_options options = {
            .name = name,
            .quota = quota,
            .listed = listed,
            .pool = pool,
            .pattern = pattern,
            .country = "CH",
            .cloud_endpoint = "mqtt.example.com:8883",
    };

    return batch_add(bench->database, &options, NOW + 1, &bench->refusal);
}

static int set_open(struct bench *bench, const char *name, int open)
{
    const struct batch_options options = {
            .name = name, .quota = -1, .open = open, .listed = -1, .bundle = -1};

    return batch_change(bench->database, &options, NOW, &bench->refusal);
}

/* Serial, batch that it names, and the hostname that it gets; NULL: it is refused. */
static void assert_name(
        struct bench *bench, const char *serial, const char *batch, const char *hostname)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};
    _cleanup_free_ char *attempt = NULL;
    struct enroll_request request = {.serial = serial, .batch = batch};
    int r;

    assert_int_equal(register_new_uuid(&attempt), 0);
    request.attempt = attempt;
    r = bench_ask(bench, request, bench->key, NOW, &enrolled);
    if (!hostname)
        assert_int_equal(r, 1);
    else {
        assert_int_equal(r, 0);
        assert_string_equal(enrolled.hostname, hostname);
    }
}

static void test_a_batch_with_a_list(void **state)
{
    struct bench *bench = *state;
    uint64_t count;

    assert_int_equal(add(bench, "B8", 10, 1, "box", "BOX-##"), 0);
    assert_int_equal(allow_import(bench->database, "B8",
                             "\xef\xbb\xbfserial\r\nA1\r\n\"A2\"\r\n\r\nC-0010;C-0019\n", NOW,
                             &count, &bench->refusal),
            0);
    assert_int_equal(count, 12);
    assert_name(bench, "A1", "B8", "BOX-01");
    assert_name(bench, "A2", "", "BOX-02");
    assert_name(bench, "C-0010", "", "BOX-03");
    assert_name(bench, "C-0019", "", "BOX-04");
    assert_name(bench, "C-0020", "B8", NULL);
    assert_refused(1, bench, 403, ENROLMENT_SERIAL_NOT_ALLOWED);
    assert_detail(bench, "serial C-0020 is not in batch B8: ask the bench operator");
    assert_name(bench, "C-00019", "B8", NULL);
    assert_name(bench, "A1", "B7", "BOX-01");
    assert_name(bench, "C-0011", "B7", NULL);
    assert_detail(bench, "is in batch B8 and not in B7");
    assert_name(bench, "D1", "", "KXP2-CORO-001");

    assert_int_equal(set_open(bench, "B7", 0), 0);
    assert_name(bench, "D2", "", NULL);
    assert_detail(bench, "is on no batch's list");
    assert_int_equal(set_open(bench, "B8", 0), 0);
    assert_name(bench, "C-0012", "", NULL);
    assert_refused(1, bench, 403, ENROLMENT_BATCH_CLOSED);
    assert_detail(bench, "batch B8 is not open");
    assert_name(bench, "D2", "", NULL);
    assert_detail(bench, "no batch is open");
    assert_name(bench, "D2", "B9", NULL);
    assert_detail(bench, "batch B9 is not open");

    assert_int_equal(set_open(bench, "B8", 1), 0);
    assert_int_equal(allow_clear(bench->database, "B8", NOW, &bench->refusal), 0);
    assert_name(bench, "C-0012", "B8", NULL);
    assert_name(bench, "C-0010", "B8", "BOX-03");
}

static void assert_import(struct bench *bench, const char *csv, const char *code, const char *text)
{
    uint64_t count = 77;

    assert_int_equal(
            allow_import(bench->database, "B7", csv, NOW, &count, &bench->refusal), code ? 1 : 0);
    if (code) {
        assert_string_equal(bench->refusal.code, code);
        assert_detail(bench, text);
    }
}

static void test_what_an_import_refuses(void **state)
{
    struct bench *bench = *state;
    char *batch = NULL;
    uint64_t count;

    assert_int_equal(add(bench, "B8", 10, 1, "box", "BOX-##"), 0);
    assert_import(bench, "A1\n../etc\n", OPERATOR_INVALID, "line 2");
    assert_import(bench, "A1,A2,A3\n", OPERATOR_INVALID, "more than two");
    assert_import(bench, "A1,B2\n", OPERATOR_INVALID, "not of one range");
    assert_import(bench, "A1,A02\n", OPERATOR_INVALID, "not of one range");
    assert_import(bench, "A9,A1\n", OPERATOR_INVALID, "before the first");
    assert_import(bench, "A-10,A-20\nA-20,A-30\n", OPERATOR_CONFLICT, "line 2");
    assert_int_equal(allow_find(bench->database, "A1", &batch), 0);
    assert_int_equal(allow_find(bench->database, "A-15", &batch), 0);

    assert_import(bench, "A1\nA1\n", NULL, NULL);
    assert_int_equal(allow_import(bench->database, "B8", "A1\n", NOW, &count, &bench->refusal), 1);
    assert_detail(bench, "on another batch's list");
    assert_int_equal(allow_import(bench->database, "B9", "A1\n", NOW, &count, &bench->refusal), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_NOT_FOUND);
    /* As many digits as a serial may have. */
    assert_import(bench, ZEROS "01," ZEROS "09\n", NULL, NULL);
    assert_int_equal(allow_find(bench->database, ZEROS "10", &batch), 0);
    assert_int_equal(allow_find(bench->database, ZEROS "09", &batch), 1);
    free(batch);
    assert_int_equal(allow_find(bench->database, "A1", &batch), 1);
    assert_string_equal(batch, "B7");
    free(batch);
}

static void test_pools(void **state)
{
    static const char *const names[] = {"alpha", "beta"}, *const more[] = {"gamma", "Alpha"};
    struct bench *bench = *state;

    assert_int_equal(batch_add_names(bench->database, "greek", names, 2, NOW, &bench->refusal), 0);
    assert_int_equal(batch_add_names(bench->database, "greek", more, 2, NOW, &bench->refusal), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_CONFLICT);
    assert_int_equal(add(bench, "G", 9, 0, "greek", NULL), 0);
    assert_name(bench, "1", "G", "alpha");
    assert_name(bench, "2", "G", "beta");
    assert_name(bench, "3", "G", NULL);
    assert_refused(1, bench, 403, ENROLMENT_BATCH_CLOSED);
    assert_detail(bench, "the pool greek has no hostname left");
    assert_int_equal(batch_add_names(bench->database, "greek", more, 1, NOW, &bench->refusal), 0);
    assert_name(bench, "3", "G", "gamma");
    assert_int_equal(batch_add_names(bench->database, "greek", names, 1, NOW, &bench->refusal), 1);

    assert_int_equal(add(bench, "N", 9, 0, "none", NULL), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_NOT_FOUND);
}

static void test_patterns(void **state)
{
    static const char *const good[] = {"", "a-#", "KXP2-{uuid}", "#########", "a-###-b"};
    static const char *const bad[] = {"a", "a-##########", "a-#-#", "-#", "#-", "a_#", "{uuid}-#",
            "{uuid}{uuid}", "a.#", "abcdefghijklmnopqrstuvwxyz-{uuid}x",
            "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabc-#"};
    struct bench *bench = *state;
    _cleanup_(enrolled_done) struct enrolled enrolled = {};

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        assert_true(pool_pattern_valid(good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        assert_false(pool_pattern_valid(bad[i]));
    assert_int_equal(add(bench, "U", 9, 0, "random", "box-{uuid}"), 0);
    assert_int_equal(
            bench_ask(bench,
                    (struct enroll_request){.serial = "1", .attempt = ATTEMPT_1, .batch = "U"},
                    bench->key, NOW, &enrolled),
            0);
    assert_int_equal(strlen(enrolled.hostname), 4 + 36);
    assert_true(enrolment_uuid_valid(enrolled.hostname + 4));
    assert_string_equal(enrolled.country, "CH");
    assert_string_equal(enrolled.cloud_endpoint, "mqtt.example.com:8883");
}

static void test_what_a_batch_may_be(void **state)
{
    struct batch_options wrong[] = {
            {.name = "../x", .quota = 1, .pool = "p", .pattern = "p-#"},
            {.name = "x", .quota = 0, .pool = "p", .pattern = "p-#"},
            {.name = "x", .quota = 1, .pool = "p", .pattern = "p"},
            {.name = "x", .quota = 1, .pool = "p q", .pattern = "p-#"},
            {.name = "x", .quota = 1, .pool = "p", .pattern = "p-#", .country = "ch"},
            {.name = "x", .quota = 1, .pool = "p", .pattern = "p-#", .country = "UK"},
            {.name = "x", .quota = 1, .pool = "p", .pattern = "p-#", .cloud_endpoint = "a b"},
    };
    struct bench *bench = *state;
    struct batch_options quota = {.name = "B7", .quota = 1, .open = -1, .listed = -1, .bundle = -1};

    for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
        assert_int_equal(batch_add(bench->database, &wrong[i], NOW, &bench->refusal), 1);
        assert_string_equal(bench->refusal.code, OPERATOR_INVALID);
    }
    assert_int_equal(add(bench, "B7", 1, 0, "KXP2-CORO", NULL), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_CONFLICT);

    assert_name(bench, "1", "", "KXP2-CORO-001");
    assert_name(bench, "2", "", "KXP2-CORO-002");
    assert_int_equal(batch_change(bench->database, &quota, NOW, &bench->refusal), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_CONFLICT);
    quota.quota = 3;
    assert_int_equal(batch_change(bench->database, &quota, NOW, &bench->refusal), 0);
    assert_name(bench, "3", "", "KXP2-CORO-003");
    quota.name = "none";
    assert_int_equal(batch_change(bench->database, &quota, NOW, &bench->refusal), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_NOT_FOUND);
}

static void assert_ends(struct bench *bench, const char *hostname)
{
    bool revoked = false;

    assert_int_equal(retire_hostname(bench->database, hostname, NOW, &revoked, &bench->refusal), 0);
    assert_true(revoked);
    assert_int_equal(retire_hostname(bench->database, hostname, NOW, &revoked, &bench->refusal), 1);
    assert_string_equal(bench->refusal.code, OPERATOR_CONFLICT);
}

/* A hostname means the same in large and in small letters. */
static void test_a_hostname_ends_however_it_is_written(void **state)
{
    struct bench *bench = *state;

    assert_name(bench, "1", "", "KXP2-CORO-001");
    assert_ends(bench, "kxp2-Coro-001");
    assert_name(bench, "1", "", NULL);
    assert_detail(bench, "was retired");
    assert_summary(bench, 0, 0, 1);
    assert_int_equal(retire_release(bench->database, "kxp2-coro-001", NOW, &bench->refusal), 0);
    assert_name(bench, "2", "", "KXP2-CORO-001");
    assert_ends(bench, "KXP2-CORO-001");
}

static void test_after_a_backup_was_put_back(void **state)
{
    _cleanup_free_ char *old = NULL, *fresh = NULL;
    char sha256[CRYPTO_SHA256_HEX_SIZE];
    struct bench *bench = *state;

    assert_name(bench, "1", "", "KXP2-CORO-001");
    assert_int_equal(token_make(bench->database, "1", "", NOW, &old, &bench->refusal), 0);
    assert_int_equal(retire_unknown(bench->database, NOW), 0);
    assert_name(bench, "2", "", NULL);
    assert_detail(bench, "no batch is open");
    assert_int_equal(set_open(bench, "B7", 1), 0);
    assert_name(bench, "2", "", "KXP2-CORO-003");
    /* It may have been used: nobody knows. */
    assert_int_equal(token_check(bench->database, old, "1", NOW, sha256, &bench->refusal), 1);
    assert_refused(1, bench, 401, ENROLMENT_TOKEN_INVALID);
    assert_int_equal(token_make(bench->database, "1", "", NOW, &fresh, &bench->refusal), 0);
    assert_int_equal(token_check(bench->database, fresh, "1", NOW, sha256, &bench->refusal), 0);
}

/* A database as the first version made it, with a device that has its identity and one that began.
 */
static void make_first_version(const char *path)
{
    static const char *const rows =
            "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x756e6278;"
            "PRAGMA user_version = 1;"
            "INSERT INTO hostname_pools VALUES ('box', 3);"
            "INSERT INTO batches VALUES ('old', 3, 2, 1, 'box', 1);"
            "INSERT INTO hostnames VALUES ('box-001', 'A', 1), ('box-002', 'B', 1);"
            "INSERT INTO devices VALUES ('A', 'ua', 'old', 'box-001', 'p', '', '{}', 1),"
            "  ('B', 'ub', 'old', 'box-002', 'p', '', '{}', 1);"
            "INSERT INTO enrolments VALUES"
            "  ('ea', 'A', 'aa', 'sa', 'ca', 'pem', 'active', 1, 2, 2, NULL),"
            "  ('eb', 'B', 'ab', 'sb', 'cb', 'pem', 'pending', 1, 2, NULL, NULL);"
            "INSERT INTO audit (at, event, serial, detail) VALUES (1, 'batch opened', '', 'old'),"
            "  (2, 'refused', 'C', 'no'), (3, 'refused', 'D', 'no');";
    sqlite3 *sqlite;

    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, schema_steps[0], NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, rows, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

static int64_t number(struct database *database, const char *sql)
{
    _cleanup_(sqlite3_finalize_p) sqlite3_stmt *row = NULL;

    assert_int_equal(database_query(database, &row, sql, ""), 1);
    return sqlite3_column_int64(row, 0);
}

static void test_a_database_of_the_first_version(void **state)
{
    struct bench *bench = *state;
    struct database *database = NULL;
    struct audit_state audit;

    make_first_version("old.db");
    assert_int_equal(database_inspect("old.db", &database), -ESTALE);
    assert_int_equal(database_open("old.db", &database), 0);
    database_free(bench->database);
    bench->database = database;
    assert_int_equal(number(database, "PRAGMA user_version"), SCHEMA_VERSION);
    assert_int_equal(number(database, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(database, "SELECT done FROM batches"), 1);
    assert_int_equal(number(database, "SELECT count(*) FROM hostnames WHERE pool = 'box'"), 2);
    assert_int_equal(audit_check(database, NULL, &audit), 0);
    assert_int_equal(audit.entries, 3);
    assert_int_equal(audit.broken, 0);
    assert_int_equal(audit_add(database, NOW, "refused", "E", "no"), 0);
    assert_int_equal(audit_check(database, audit.last, &audit), 0);
    assert_true(audit.entries == 4 && audit.broken == 0 && audit.known);
    assert_summary(bench, 1, 1, 1);
    assert_name(bench, "A", "", NULL);
    assert_refused(1, bench, 409, ENROLMENT_ALREADY_ISSUED);
    assert_name(bench, "B", "", "box-002");
    assert_name(bench, "C", "", "box-003");
    assert_name(bench, "D", "", NULL);
    assert_detail(bench, "batch old is full");
}

static void test_a_later_version_is_left_alone(void **state)
{
    struct bench *bench = *state;
    struct database *database = NULL;

    assert_int_equal(database_run(bench->database, "PRAGMA user_version = 99", ""), 0);
    assert_int_equal(database_open("bench.db", &database), -EPROTONOSUPPORT);
}

/* Something in the way: all of it is taken back. */
static void test_a_migration_that_fails(void **state)
{
    sqlite3 *sqlite;
    struct database *database = NULL;
    struct bench *bench = *state;

    make_first_version("old.db");
    assert_int_equal(sqlite3_open("old.db", &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, "CREATE TABLE tokens (x)", NULL, NULL, NULL), SQLITE_OK);
    assert_true(database_open("old.db", &database) < 0);
    assert_int_equal(sqlite3_exec(sqlite, "SELECT prefix FROM hostname_pools; DROP TABLE tokens",
                             NULL, NULL, NULL),
            SQLITE_OK);
    sqlite3_close(sqlite);
    database_free(bench->database);
    assert_int_equal(database_open("old.db", &bench->database), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_a_batch_with_a_list),
            TEST(test_what_an_import_refuses),
            TEST(test_pools),
            TEST(test_patterns),
            TEST(test_what_a_batch_may_be),
            TEST(test_a_hostname_ends_however_it_is_written),
            TEST(test_after_a_backup_was_put_back),
            TEST(test_a_database_of_the_first_version),
            TEST(test_a_later_version_is_left_alone),
            TEST(test_a_migration_that_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
