/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The list of revoked certificates over years, by a clock of the test's. */

#include "test-bench.h"

#include <openssl/pem.h>
#include <sys/stat.h>

#include "revocation.h"

#define HOUR (60 * 60)
#define DAY (24 * HOUR)

DEFINE_CLEANUP(X509_CRL *, X509_CRL_free);

struct listed {
    time_t begins_at;
    time_t ends_at;
    int revoked;
};

static time_t moment_of(const ASN1_TIME *time)
{
    struct tm tm;

    assert_int_equal(ASN1_TIME_to_tm(time, &tm), 1);
    return timegm(&tm);
}

static struct listed describe(X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);

    return (struct listed){
            .begins_at = moment_of(X509_CRL_get0_lastUpdate(crl)),
            .ends_at = moment_of(X509_CRL_get0_nextUpdate(crl)),
            .revoked = revoked ? sk_X509_REVOKED_num(revoked) : 0,
    };
}

/* What somebody gets who asks for it now. */
static struct listed ask(struct revocation *revocation, time_t now)
{
    _cleanup_(X509_CRL_free_p) X509_CRL *crl = NULL;
    const uint8_t *der;
    size_t size;

    der = revocation_der(revocation, now, &size);
    crl = d2i_X509_CRL(NULL, &der, size);
    assert_non_null(crl);
    return describe(crl);
}

/* The same of the file, to which nobody's question does anything. */
static struct listed look(void)
{
    FILE *file = fopen(REVOCATION_NAME, "re");
    _cleanup_(X509_CRL_free_p) X509_CRL *crl = PEM_read_X509_CRL(file, NULL, NULL, NULL);

    fclose(file);
    assert_non_null(crl);
    return describe(crl);
}

static void begin(struct bench *bench, sd_event **ret_event, struct revocation **ret)
{
    assert_int_equal(sd_event_new(ret_event), 0);
    assert_int_equal(revocation_new(*ret_event, bench->database, bench->authority, ".", ret), 0);
}

static void test_it_never_comes_near_its_end(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(revocation_free_p) struct revocation *revocation = NULL;
    time_t now = time(NULL), end = now + (time_t)100 * DAY, last = 0;
    unsigned lists = 0;

    begin(*state, &event, &revocation);
    while (now < end) {
        struct listed file;

        now += revocation_refresh(revocation, now);
        /* Just before somebody looks again. */
        file = look();
        assert_true(file.begins_at < now);
        assert_true(file.ends_at - now > 5 * DAY);
        lists += file.begins_at != last;
        last = file.begins_at;
    }
    assert_in_range(lists, 96, 101);
}

static void test_the_clock_is_set(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(revocation_free_p) struct revocation *revocation = NULL;
    const time_t begun = time(NULL);
    const time_t moments[] = {begun + DAY, begun + (time_t)3650 * DAY, begun - (time_t)3650 * DAY,
            begun, begun - HOUR};

    begin(*state, &event, &revocation);
    for (size_t i = 0; i < ELEMENTSOF(moments); i++) {
        assert_int_equal(ask(revocation, moments[i]).begins_at, moments[i]);
        assert_int_equal(look().begins_at, moments[i]);
        /* Not for each question. */
        assert_int_equal(ask(revocation, moments[i] + HOUR).begins_at, moments[i]);
    }
    /* Nobody has asked, but somebody looks. */
    (void)revocation_refresh(revocation, begun + (time_t)7300 * DAY);
    assert_int_equal(look().begins_at, begun + (time_t)7300 * DAY);
}

static void revoke_one(
        struct bench *bench, struct revocation *revocation, const char *serial, const char *attempt)
{
    _cleanup_(enrolled_done) struct enrolled enrolled = {};

    assert_int_equal(bench_enroll(bench, serial, attempt, bench->key, NOW, &enrolled), 0);
    assert_true(database_run(bench->database,
                        "UPDATE enrolments SET state = 'revoked', revoked_at = 1"
                        " WHERE serial = ?",
                        "s", serial) > 0);
    revocation_changed(revocation);
}

static void test_a_revocation_is_in_it_at_once(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(revocation_free_p) struct revocation *revocation = NULL;
    uint64_t usec;

    begin(*state, &event, &revocation);
    assert_int_equal(look().revoked, 0);
    /* The list is young: this one has to wait for the end of its second. */
    revoke_one(*state, revocation, "1", ATTEMPT_1);
    assert_int_equal(look().revoked, 0);
    assert_int_equal(sd_event_run(event, 5 * USEC_PER_SEC), 1);
    assert_int_equal(look().revoked, 1);

    /* A second later nobody waits. */
    assert_int_equal(sd_event_now(event, CLOCK_BOOTTIME, &usec), 0);
    assert_int_equal(sd_event_run(event, USEC_PER_SEC + USEC_PER_SEC / 10), 0);
    revoke_one(*state, revocation, "2", ATTEMPT_2);
    assert_int_equal(look().revoked, 2);
    assert_int_equal(ask(revocation, time(NULL)).revoked, 2);
}

/* What can't be written is served all the same, and written when it can be. */
static void test_a_file_that_cant_be_written(void **state)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(revocation_free_p) struct revocation *revocation = NULL;
    const time_t later = time(NULL) + 2 * DAY;

    begin(*state, &event, &revocation);
    assert_int_equal(unlink(REVOCATION_NAME), 0);
    assert_int_equal(mkdir(REVOCATION_NAME, 0700), 0);
    assert_in_range(revocation_refresh(revocation, later), 1, 60);
    assert_int_equal(ask(revocation, later).begins_at, later);
    assert_int_equal(rmdir(REVOCATION_NAME), 0);
    assert_int_equal(revocation_refresh(revocation, later + 60), HOUR);
    assert_int_equal(look().begins_at, later + 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            TEST(test_it_never_comes_near_its_end),
            TEST(test_the_clock_is_set),
            TEST(test_a_revocation_is_in_it_at_once),
            TEST(test_a_file_that_cant_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
