/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whose word counts, and what is kept. There is no system bus here: that the kernel can't be told
 * is told, and has an end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "country.h"
#include "unbox/store.h"

static char root[32];
static struct paths paths;
static sd_event *event;
static unsigned changes;

static int make_root(void **state)
{
    static const char *const folders[] = {
            "var", "var/lib", "var/lib/unbox", "var/lib/unbox/network"};
    char path[128];

    snprintf(root, sizeof(root), "/tmp/country-XXXXXX");
    assert_non_null(mkdtemp(root));
    for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    snprintf(path, sizeof(path), "unix:path=%s/bus", root);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", path, 1);
    assert_int_equal(paths_init(root, &paths), 0);
    assert_true(sd_event_new(&event) >= 0);
    changes = 0;
    return 0;
}

static int remove_root(void **state)
{
    sd_event_unref(event);
    paths_done(&paths);
    assert_int_equal(unbox_store_remove_tree(root), 1);
    return 0;
}

static void on_changed(void *userdata)
{
    changes++;
}

static struct country *start(const char *factory, const char *configured)
{
    const struct country_options options = {
            .event = event,
            .paths = &paths,
            .factory = factory,
            .configured = configured,
            .changed = on_changed,
    };
    struct country *country = NULL;

    assert_int_equal(country_new(&options, &country), 0);
    return country;
}

static void assert_is(const struct country *country, const char *code, const char *source)
{
    assert_string_equal(country_code(country), code);
    if (source)
        assert_string_equal(country_source(country), source);
    else
        assert_null(country_source(country));
}

static void test_nobody_says_one(void **state)
{
    _cleanup_(country_free_p) struct country *country = start("", "");

    assert_is(country, "", NULL);
    assert_false(country_pending(country));
    assert_null(country_problem(country));
}

static void test_whose_word_counts(void **state)
{
    _cleanup_(country_free_p) struct country *country = start("DE", "US");
    const char *place = country_code(country);

    assert_is(country, "DE", "factory");
    assert_int_equal(country_set(country, "CA"), 0);
    assert_is(country, "CA", "customer");
    assert_ptr_equal(country_code(country), place);
    assert_int_equal(country_set(country, "de"), -EINVAL);
    assert_int_equal(country_set(country, "UK"), -EINVAL);
    assert_is(country, "CA", "customer");
    country = country_free(country);
    country = start("DE", "US");
    assert_is(country, "CA", "customer");
    assert_int_equal(country_set(country, ""), 0);
    assert_is(country, "DE", "factory");
    country = country_free(country);
    country = start("", "US");
    assert_is(country, "US", "configuration");
}

static void test_broken_file_is_no_country(void **state)
{
    static const char *const texts[] = {"", "\n", "CAN\n", "UK\n"};

    for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
        _cleanup_(country_free_p) struct country *country = NULL;

        assert_int_equal(
                unbox_store_write(paths.country, texts[i], strlen(texts[i]), 0644, -1, -1), 0);
        country = start("", "US");
        assert_is(country, "US", "configuration");
    }
}

/* The hotspot waits for the end of this, so there has to be one. */
static void test_kernel_is_not_told(void **state)
{
    _cleanup_(country_free_p) struct country *country = start("CA", "");

    assert_true(country_pending(country));
    while (changes == 0)
        assert_true(sd_event_run(event, 15 * USEC_PER_SEC) > 0);
    assert_false(country_pending(country));
    assert_non_null(country_problem(country));
    assert_int_equal(country_set(country, "DE"), 0);
    assert_true(country_pending(country));
    assert_null(country_problem(country));
}

static void test_told_once_more(void **state)
{
    _cleanup_(country_free_p) struct country *country = start("CA", "");

    while (changes == 0)
        assert_true(sd_event_run(event, 15 * USEC_PER_SEC) > 0);
    assert_int_equal(country_tell(country), 0);
    assert_true(country_pending(country));
    assert_is(country, "CA", "factory");
    while (changes == 1)
        assert_true(sd_event_run(event, 15 * USEC_PER_SEC) > 0);
    country = country_free(country);
    country = start("", "");
    assert_int_equal(country_tell(country), 0);
    assert_false(country_pending(country));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_nobody_says_one),
            TEST(test_whose_word_counts),
            TEST(test_broken_file_is_no_country),
            TEST(test_kernel_is_not_told),
            TEST(test_told_once_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
