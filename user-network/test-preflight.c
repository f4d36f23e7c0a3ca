/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each thing that may be in the way, alone, and what the kernel's tables of sockets say. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "preflight.h"
#include "unbox/store.h"

#define HEAD                                                                                       \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "  \
    "inode\n"
#define TAIL " 00000000:00000000 00:00000000 00000000     0        0 1234 2 0000000000000000 0\n"

static struct preflight_facts facts;
static char folder[32];

static int all_is_well(void **state)
{
    facts = (struct preflight_facts){
            .nm_running = true,
            .radio = NM_RADIO_IDLE,
            .radio_can_serve = true,
            .radio_known = true,
            .country_known = true,
    };
    snprintf(folder, sizeof(folder), "/tmp/preflight-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int clear_away(void **state)
{
    assert_int_equal(unbox_store_remove_tree(folder), 1);
    return 0;
}

static void assert_only(enum problem problem)
{
    assert_int_equal(preflight(&facts), 1U << problem);
}

static void test_nothing(void **state)
{
    assert_int_equal(preflight(&facts), 0);
    facts.radio = NM_RADIO_UP;
    assert_int_equal(preflight(&facts), 0);
}

static void test_no_radio(void **state)
{
    facts.radio = NM_RADIO_MISSING;
    facts.radio_can_serve = false;
    assert_only(PROBLEM_NO_RADIO);
    facts.nm_running = false;
    assert_int_equal(preflight(&facts), 0);
}

static void test_blocked(void **state)
{
    facts.radio_blocked = true;
    facts.radio = NM_RADIO_UNAVAILABLE;
    facts.radio_can_serve = false;
    assert_only(PROBLEM_RADIO_BLOCKED);
}

static void test_unmanaged(void **state)
{
    facts.radio = NM_RADIO_UNMANAGED;
    facts.radio_can_serve = false;
    assert_only(PROBLEM_RADIO_UNMANAGED);
}

static void test_no_access_point(void **state)
{
    facts.radio_can_serve = false;
    assert_only(PROBLEM_NO_ACCESS_POINT);
}

static void test_radio_that_the_firewall_does_not_know(void **state)
{
    facts.radio_known = false;
    assert_only(PROBLEM_RADIO_NAME);
    facts.radio = NM_RADIO_MISSING;
    assert_only(PROBLEM_NO_RADIO);
}

static void test_wire_in_the_network_of_the_hotspot(void **state)
{
    facts.address_taken = true;
    assert_only(PROBLEM_ADDRESS_TAKEN);
}

static void test_country(void **state)
{
    facts.country_known = false;
    assert_only(PROBLEM_COUNTRY_MISSING);
    facts.country_known = true;
    facts.country_refused = true;
    assert_only(PROBLEM_COUNTRY_REFUSED);
    /* Then there was nobody to be told. */
    facts.radio = NM_RADIO_MISSING;
    assert_only(PROBLEM_NO_RADIO);
}

static void test_everything_has_a_name(void **state)
{
    for (enum problem problem = 0; problem < _PROBLEMS; problem++) {
        assert_non_null(problem_text(problem));
        assert_true(strlen(problem_name(problem)) > 0);
        for (enum problem other = 0; other < problem; other++)
            assert_string_not_equal(problem_name(problem), problem_name(other));
    }
}

static bool taken_with(const char *table, const char *line)
{
    char path[64], text[512];
    bool taken;

    snprintf(path, sizeof(path), "%s/%s", folder, table);
    snprintf(text, sizeof(text), HEAD "%s" TAIL, line);
    assert_int_equal(unbox_store_write(path, text, strlen(text), 0600, -1, -1), 0);
    taken = preflight_dns_port_taken(folder);
    assert_int_equal(unbox_store_remove(path), 1);
    return taken;
}

static void test_dns_port(void **state)
{
    assert_false(preflight_dns_port_taken(folder));
    assert_true(taken_with("udp", "  421: 00000000:0035 00000000:0000 07"));
    assert_true(taken_with("tcp", "    0: 00000000:0035 00000000:0000 0A"));
    assert_true(taken_with("udp6",
            "  421: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 "
            "07"));
    facts.dns_port_taken = true;
    assert_only(PROBLEM_DNS_PORT_TAKEN);
}

static void test_dns_port_of_others(void **state)
{
    /* A resolver of the device's own, the hotspot's dnsmasq itself, another port, a connection. */
    assert_false(taken_with("udp", "  421: 3500007F:0035 00000000:0000 07"));
    assert_false(taken_with("udp", "  421: 01002A0A:0035 00000000:0000 07"));
    assert_false(taken_with("udp", "  421: 00000000:0043 00000000:0000 07"));
    assert_false(taken_with("tcp", "    0: 00000000:0035 0102000A:A123 01"));
    assert_false(taken_with("udp", "nonsense"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, all_is_well, clear_away)

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_nothing),
            TEST(test_no_radio),
            TEST(test_blocked),
            TEST(test_unmanaged),
            TEST(test_no_access_point),
            TEST(test_radio_that_the_firewall_does_not_know),
            TEST(test_wire_in_the_network_of_the_hotspot),
            TEST(test_country),
            TEST(test_everything_has_a_name),
            TEST(test_dns_port),
            TEST(test_dns_port_of_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
