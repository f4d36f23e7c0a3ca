/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Merging what scans saw. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "page-port.h"
#include "scan-list.h"
#include "util.h"

static struct scan_entry seen(const char *name, unsigned signal, unsigned second)
{
    struct scan_entry entry = {
            .signal = signal,
            .frequency = 2412,
            .security = SECURITY_WPA2,
            .seen_usec = second * USEC_PER_SEC,
    };

    assert_int_equal(ssid_from_bytes(name, strlen(name), &entry.ssid), 0);
    return entry;
}

static void add(struct scan_list *list, struct scan_entry entry)
{
    assert_int_equal(scan_list_add(list, &entry), 0);
}

static void test_strongest_of_one_scan(void **state)
{
    struct scan_list list = {};
    struct scan_entry five = seen("home", 80, 101);

    five.frequency = 5180;
    add(&list, seen("home", 40, 100));
    add(&list, five);
    add(&list, seen("home", 60, 102));
    add(&list, seen("other", 90, 100));
    scan_list_sort(&list);
    assert_int_equal(list.n_entries, 2);
    assert_int_equal(list.entries[0].signal, 90);
    assert_int_equal(list.entries[1].signal, 80);
    assert_string_equal(band_name(list.entries[1].frequency), "5");
    assert_int_equal(list.entries[1].seen_usec, 102 * USEC_PER_SEC);
    scan_list_clear(&list);
}

static void test_later_scan_counts(void **state)
{
    struct scan_list list = {};

    add(&list, seen("home", 80, 100));
    add(&list, seen("home", 30, 160));
    assert_int_equal(list.entries[0].signal, 30);
    add(&list, seen("home", 99, 100));
    assert_int_equal(list.entries[0].signal, 30);
    scan_list_clear(&list);
}

static void test_one_name_with_and_without_a_password(void **state)
{
    struct scan_list list = {};
    struct scan_entry stranger = seen("home", 95, 100), far = seen("home", 20, 100);

    stranger.security = SECURITY_OPEN;
    for (unsigned round = 0; round < 2; round++) {
        add(&list, round ? stranger : far);
        add(&list, round ? far : stranger);
        assert_int_equal(list.n_entries, 1);
        assert_int_equal(list.entries[0].security, SECURITY_WPA2);
        assert_int_equal(list.entries[0].signal, 20);
        assert_true(scan_entry_takes_psk(&list.entries[0]));
        assert_true(scan_entry_is(&list.entries[0], SECURITY_OPEN));
        assert_false(scan_entry_is(&list.entries[0], SECURITY_OWE));
        scan_list_clear(&list);
    }
    /* Those that have gone are forgotten. */
    add(&list, far);
    stranger.seen_usec = 160 * USEC_PER_SEC;
    add(&list, stranger);
    assert_int_equal(list.entries[0].security, SECURITY_OPEN);
    assert_false(scan_entry_takes_psk(&list.entries[0]));
    scan_list_clear(&list);
}

static void test_expiry(void **state)
{
    struct scan_list list = {};
    struct scan_entry old = seen("old", 80, 100);

    add(&list, old);
    add(&list, seen("new", 80, 200));
    scan_list_expire(&list, 150 * USEC_PER_SEC);
    assert_int_equal(list.n_entries, 1);
    assert_null(scan_list_find(&list, &old.ssid));
    scan_list_clear(&list);
}

static void test_seen_lately(void **state)
{
    struct scan_list list = {};
    struct scan_entry entry = seen("home", 80, 100);

    assert_null(scan_list_seen(&list, &entry.ssid, 100 * USEC_PER_SEC, 300 * USEC_PER_SEC));
    add(&list, entry);
    assert_non_null(scan_list_seen(&list, &entry.ssid, 400 * USEC_PER_SEC, 300 * USEC_PER_SEC));
    assert_null(scan_list_seen(&list, &entry.ssid, 401 * USEC_PER_SEC, 300 * USEC_PER_SEC));
    scan_list_clear(&list);
}

static void test_crowded_air(void **state)
{
    struct scan_list list = {};
    char name[16];

    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "net%u", i);
        add(&list, seen(name, i % 100, 100));
    }
    assert_int_equal(list.n_entries, 512);
    /* Fifty of each: those that are near enough to be of use. */
    for (size_t i = 0; i < list.n_entries; i++)
        assert_true(list.entries[i].signal >= 89);
    scan_list_clear(&list);
}

static void test_quiet_channel(void **state)
{
    struct scan_list list = {};
    struct scan_entry sixth = seen("sixth", 30, 100);

    sixth.frequency = 2437;
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 0), 1);
    add(&list, seen("first", 60, 100));
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 0), 6);
    add(&list, sixth);
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 0), 11);
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 1), 6);
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 2), 1);
    assert_int_equal(scan_list_quiet_channel(&list, "bg", 3), 11);
    assert_int_equal(scan_list_quiet_channel(&list, "a", 0), 36);
    scan_list_clear(&list);
}

static void test_port(void **state)
{
    unsigned port = 0;

    assert_int_equal(page_port_parse("[::]:5000", &port), 0);
    assert_int_equal(port, 5000);
    assert_int_equal(page_port_parse("8080", &port), 0);
    assert_int_equal(port, 8080);
    assert_int_equal(page_port_parse("0.0.0.0:0", &port), -EINVAL);
    assert_int_equal(page_port_parse("/run/socket", &port), -EINVAL);
    assert_int_equal(page_port_parse("1:70000", &port), -EINVAL);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_strongest_of_one_scan),
            cmocka_unit_test(test_later_scan_counts),
            cmocka_unit_test(test_one_name_with_and_without_a_password),
            cmocka_unit_test(test_expiry),
            cmocka_unit_test(test_seen_lately),
            cmocka_unit_test(test_crowded_air),
            cmocka_unit_test(test_quiet_channel),
            cmocka_unit_test(test_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
