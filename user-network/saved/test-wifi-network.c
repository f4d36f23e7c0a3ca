/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which networks are valid, and which of several saved ones is tried next. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"
#include "wifi-network.h"

static struct wifi_network named(const char *name, int priority)
{
    struct wifi_network network = {.priority = priority};

    assert_int_equal(ssid_from_bytes(name, strlen(name), &network.ssid), 0);
    return network;
}

static void test_addresses(void **state)
{
    static const struct wifi_address good[] = {{},
            {.address = "192.168.1.20", .prefix = 24, .gateway = "192.168.1.1"},
            {.address = "10.0.0.1", .prefix = 8}, {.address = "10.0.0.1", .prefix = 30},
            {.dns = {"1.1.1.1"}, .n_dns = 1}};
    static const struct wifi_address bad[] = {{.gateway = "192.168.1.1"},
            {.address = "192.168.1.20"}, {.address = "192.168.1.20", .prefix = 31},
            {.address = "192.168.1.0", .prefix = 24}, {.address = "192.168.1.255", .prefix = 24},
            {.address = "127.0.0.1", .prefix = 8}, {.address = "224.0.0.1", .prefix = 24},
            {.address = "0.0.0.5", .prefix = 24}, {.address = "1.2.3", .prefix = 24},
            {.address = "192.168.1.20", .prefix = 24, .gateway = "192.168.2.1"},
            {.address = "192.168.1.20", .prefix = 24, .gateway = "192.168.1.20"},
            {.address = "192.168.1.20", .prefix = 24, .gateway = "x"}, {.dns = {"::1"}, .n_dns = 1},
            {.dns = {""}, .n_dns = 1}};

    for (size_t i = 0; i < ELEMENTSOF(good); i++)
        assert_null(wifi_address_check(&good[i]));
    for (size_t i = 0; i < ELEMENTSOF(bad); i++)
        if (!wifi_address_check(&bad[i]))
            fail_msg("bad address %zu is taken", i);
}

static void test_networks(void **state)
{
    struct wifi_network network = named("a", 0);

    assert_null(wifi_network_check(&network));
    network.priority = PRIORITY_MAX + 1;
    assert_non_null(wifi_network_check(&network));
    network = named("a", 0);
    network.kind = WIFI_OWE;
    assert_null(wifi_network_check(&network));
    assert_true(copy_text(network.psk, sizeof(network.psk), "12345678"));
    assert_non_null(wifi_network_check(&network));
    network.kind = WIFI_PLAIN;
    assert_null(wifi_network_check(&network));
    network.kind = WIFI_PEAP;
    assert_non_null(wifi_network_check(&network));
    network.psk[0] = '\0';
    assert_non_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.identity, sizeof(network.eap.identity), "me"));
    assert_non_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.password, sizeof(network.eap.password), "p"));
    assert_null(wifi_network_check(&network));
    network.kind = WIFI_TLS;
    assert_non_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.certificate, sizeof(network.eap.certificate), "/c"));
    assert_true(copy_text(network.eap.key, sizeof(network.eap.key), "relative"));
    assert_non_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.key, sizeof(network.eap.key), "/k"));
    assert_null(wifi_network_check(&network));
    assert_true(copy_text(
            network.eap.domain, sizeof(network.eap.domain), "a.example.org;b.example.org"));
    assert_non_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.domain, sizeof(network.eap.domain), "a-1.example.org"));
    assert_null(wifi_network_check(&network));
    assert_true(copy_text(network.eap.identity, sizeof(network.eap.identity), "a\nb"));
    assert_non_null(wifi_network_check(&network));
}

/* The names of a bad day: each is refused, or is as it was. */
static void test_list_keeps_names_apart(void **state)
{
    static const struct ssid names[] = {{"a", 1}, {"a ", 2}, {"A", 1}, {"a\"", 2}, {"a\\", 2},
            {"\xf0\x9f\x9a\x80", 4},
            {"\xe2\x80\xae"
             "a",
                    4},
            {"12", 2}, {"$(reboot)", 9}, {"a:b", 3}, {"01234567890123456789012345678901", 32}};
    _cleanup_(wifi_list_clear) struct wifi_list list = {};
    struct wifi_network network = {};

    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
            network.ssid = names[i];
            network.priority = (int)i;
            assert_int_equal(wifi_list_put(&list, &network), 0);
        }
    assert_int_equal(list.n_entries, ELEMENTSOF(names));
    for (size_t i = 0; i < ELEMENTSOF(names); i++) {
        assert_int_equal(wifi_list_find(&list, &names[i])->priority, i);
        assert_true(wifi_list_remove(&list, &names[i]));
        assert_false(wifi_list_remove(&list, &names[i]));
    }
    assert_int_equal(list.n_entries, 0);
}

static void test_list_is_bounded(void **state)
{
    _cleanup_(wifi_list_clear) struct wifi_list list = {};
    struct wifi_network network;
    char name[8];

    for (int i = 0; i < WIFI_LIST_MAX; i++) {
        snprintf(name, sizeof(name), "%d", i);
        network = named(name, 0);
        assert_int_equal(wifi_list_put(&list, &network), 0);
    }
    assert_int_equal(wifi_list_put(&list, &network), 0);
    network = named("one more", 0);
    assert_int_equal(wifi_list_put(&list, &network), -ENOSPC);
}

static bool in_reach(const struct wifi_network *network, void *userdata)
{
    return memchr(userdata, network->ssid.bytes[0], strlen(userdata));
}

static char next(const struct wifi_list *list, const char *last, char *reach)
{
    struct ssid ssid = {};
    const struct wifi_network *found;

    if (last)
        assert_int_equal(ssid_from_bytes(last, 1, &ssid), 0);
    found = wifi_list_next(list, last ? &ssid : NULL, in_reach, reach);
    return found ? (char)found->ssid.bytes[0] : '-';
}

static void test_next(void **state)
{
    const struct wifi_network networks[] = {named("a", 0), named("b", 5), named("c", 0)};
    _cleanup_(wifi_list_clear) struct wifi_list list = {};

    assert_int_equal(next(&list, NULL, "abc"), '-');
    for (size_t i = 0; i < ELEMENTSOF(networks); i++)
        assert_int_equal(wifi_list_put(&list, &networks[i]), 0);
    assert_int_equal(next(&list, NULL, "abc"), 'b');
    assert_int_equal(next(&list, "b", "abc"), 'c');
    assert_int_equal(next(&list, "c", "abc"), 'a');
    assert_int_equal(next(&list, "a", "abc"), 'b');
    assert_int_equal(next(&list, "b", "b"), 'b');
    assert_int_equal(next(&list, NULL, "ac"), 'c');
    assert_int_equal(next(&list, "b", "a"), 'a');
    assert_int_equal(next(&list, "x", "abc"), 'b');
    assert_int_equal(next(&list, NULL, ""), '-');
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_addresses),
            cmocka_unit_test(test_networks),
            cmocka_unit_test(test_list_keeps_names_apart),
            cmocka_unit_test(test_list_is_bounded),
            cmocka_unit_test(test_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
