/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Texts are found, filled and counted; times and sizes are as people read them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "texts.h"
#include "util.h"

static const struct text english[] = {
        {"bytes", "{number} B"},
        {"days#one", "{count} day"},
        {"days#other", "{count} days"},
        {"decimal", "."},
        {"gigabytes", "{number} GB"},
        {"hours#one", "{count} hour"},
        {"hours#other", "{count} hours"},
        {"join", "Joining {ssid}, {ssid}; {nothing}{"},
        {"kilobytes", "{number} kB"},
        {"megabytes", "{number} MB"},
        {"minutes#one", "{count} minute"},
        {"minutes#other", "{count} minutes"},
        {"restarts#one", "{name}: once"},
        {"restarts#other", "{name}: {count} times"},
        {"seconds#one", "{count} second"},
        {"seconds#other", "{count} seconds"},
        {"state.wired", "By cable"},
};

static const struct text french[] = {
        {"decimal", ","},
        {"gigabytes", "{number} Go"},
        {"restarts#one", "{name} : une fois"},
        {"restarts#other", "{name} : {count} fois"},
};

static const struct text said[] = {{"It is busy.", "C'est occupé."}};
static const struct text countries[] = {{"DE", "Allemagne"}, {"CA", "Canada"}};

const struct texts texts_of_all[] = {
        {"en", {english, ELEMENTSOF(english)}, {}, {}},
        {"fr", {french, ELEMENTSOF(french)}, {said, ELEMENTSOF(said)},
                {countries, ELEMENTSOF(countries)}},
        {},
};

#define EN (&texts_of_all[0])
#define FR (&texts_of_all[1])

static void assert_made(char *made, const char *expected)
{
    assert_non_null(made);
    assert_string_equal(made, expected);
    free(made);
}

static void test_languages(void **state)
{
    assert_ptr_equal(texts_in("en"), EN);
    assert_ptr_equal(texts_in("fr"), FR);
    assert_ptr_equal(texts_in("tlh"), EN);
}

static void test_finds(void **state)
{
    char large[1000];

    assert_string_equal(text_find(EN, "bytes"), "{number} B");
    assert_string_equal(text_find(EN, "state.wired"), "By cable");
    assert_null(text_find(EN, "state"));
    assert_null(text_find(EN, ""));
    assert_string_equal(text_of(EN, "state", "wired"), "By cable");
    assert_null(text_of(EN, "state", "<script>"));
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    assert_null(text_of(EN, "state", large));
    assert_string_equal(text_said(FR, "It is busy."), "C'est occupé.");
    assert_null(text_said(FR, "It is."));
    assert_null(text_said(EN, "It is busy."));
    assert_string_equal(text_country(FR, "CA"), "Canada");
    assert_null(text_country(FR, "XX"));
    assert_null(text_country(EN, "CA"));
}

static void test_gaps(void **state)
{
    const struct text_gap gaps[] = {{"ssid", "{ssid} %s"}, {"name", "x"}, {}};

    assert_made(text_fill(EN, "join", gaps), "Joining {ssid} %s, {ssid} %s; {");
    assert_made(text_fill(EN, "join", NULL), "Joining , ; {");
    assert_null(text_fill(EN, "nothing", gaps));
    assert_made(text_count(EN, "restarts", 0, gaps + 1), "x: 0 times");
    assert_made(text_count(EN, "restarts", 1, gaps + 1), "x: once");
    assert_made(text_count(EN, "restarts", 2, gaps + 1), "x: 2 times");
    assert_made(text_count(FR, "restarts", 0, gaps + 1), "x : une fois");
    assert_made(text_count(FR, "restarts", UINT64_MAX, gaps + 1), "x : 18446744073709551615 fois");
    assert_null(text_count(FR, "days", 1, NULL));
}

static void test_durations(void **state)
{
    assert_made(text_duration(EN, 0), "0 seconds");
    assert_made(text_duration(EN, 1), "1 second");
    assert_made(text_duration(EN, 60), "1 minute");
    assert_made(text_duration(EN, 61), "1 minute 1 second");
    assert_made(text_duration(EN, 3600), "1 hour");
    assert_made(text_duration(EN, 2 * 86400 + 3 * 3600 + 59), "2 days 3 hours");
    /* The two largest follow each other. */
    assert_made(text_duration(EN, 86400 + 59), "1 day");
    assert_null(text_duration(FR, 61));
}

static void test_sizes(void **state)
{
    assert_made(text_bytes(EN, 0), "0 B");
    assert_made(text_bytes(EN, 999), "999 B");
    assert_made(text_bytes(EN, 1000), "1 kB");
    assert_made(text_bytes(EN, 1500000), "1.5 MB");
    assert_made(text_bytes(FR, 22510000000), "22,5 Go");
    assert_made(text_bytes(EN, 31000000000), "31 GB");
    assert_made(text_bytes(EN, UINT64_MAX), "18446744073.7 GB");
}

static void test_times(void **state)
{
    time_t time;

    assert_made(text_time("2026-01-05T10:20:03Z", false), "2026-01-05 10:20 UTC");
    assert_made(text_time("2026-01-05T10:20:03Z", true), "2026-01-05 10:20:03 UTC");
    assert_made(text_time("2026-01-05T10:20:03.123456Z", true), "2026-01-05 10:20:03 UTC");
    assert_made(text_time("yesterday", true), "yesterday");
    assert_made(text_time("", false), "");
    assert_int_equal(text_parse_time("1970-01-01T00:01:00Z", &time), 0);
    assert_int_equal(time, 60);
    assert_int_equal(text_parse_time("<b>", &time), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_languages),
            cmocka_unit_test(test_finds),
            cmocka_unit_test(test_gaps),
            cmocka_unit_test(test_durations),
            cmocka_unit_test(test_sizes),
            cmocka_unit_test(test_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
