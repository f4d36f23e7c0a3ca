/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The rules of a device's life with a network, each told as what happens and what is then done. */

#include "test-lifecycle.h"

static void test_scan_then_hotspot(void **state)
{
    decide(LIFE_SCANNING, LIFE_SCAN);
    facts.scanning = true;
    decide(LIFE_SCANNING, LIFE_REST);
    facts.scanning = false;
    facts.scanned = true;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
    hotspot_is_open();
    decide(LIFE_HOTSPOT, LIFE_REST);
    assert_int_equal(decision.again_usec, 0);
}

static void test_wire_keeps_hotspot_closed(void **state)
{
    facts.wire_up = true;
    decide(LIFE_WIRED, LIFE_REST);
    facts.wire_up = false;
    facts.scanned = true;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_wire_that_is_coming(void **state)
{
    facts.scanned = true;
    facts.wire_coming = true;
    decide(LIFE_STARTING, LIFE_REST);
    assert_true(decision.again_usec > facts.now_usec);
    after(11 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_hotspot_of_an_earlier_run(void **state)
{
    hotspot_is_open();
    facts.scanned = false;
    facts.clients = 1;
    decide(LIFE_HOTSPOT, LIFE_SCAN);
    facts.scanning = true;
    decide(LIFE_HOTSPOT, LIFE_REST);
}

static void test_wire_closes_hotspot_without_guests(void **state)
{
    hotspot_is_open();
    facts.wire_up = true;
    facts.clients = 1;
    decide(LIFE_HOTSPOT, LIFE_REST);
    facts.clients = 0;
    decide(LIFE_HOTSPOT, LIFE_CLOSE_HOTSPOT);
}

static void test_failing_hotspot_is_tried_later_and_later(void **state)
{
    uint64_t delay = 0;

    facts.scanned = true;
    for (int i = 0; i < 6; i++) {
        decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
        life_hotspot_failed(&life, facts.now_usec);
        decide(LIFE_STARTING, LIFE_REST);
        assert_true(decision.again_usec - facts.now_usec >= delay);
        delay = decision.again_usec - facts.now_usec;
        after(delay);
    }
    assert_int_equal(delay, MINUTE);
}

static void test_saved_network_at_start(void **state)
{
    network_is_saved();
    decide(LIFE_STARTING, LIFE_REST);
    facts.radio = NM_RADIO_ASSOCIATING;
    decide(LIFE_STARTING, LIFE_REST);
    facts.radio = NM_RADIO_UP;
    decide(LIFE_CONNECTED, LIFE_REST);
    assert_int_equal(decision.again_usec, 0);
}

static void test_saved_network_without_profile(void **state)
{
    facts.saved = true;
    decide(LIFE_STARTING, LIFE_MAKE_PROFILE);
    facts.busy = true;
    decide(LIFE_STARTING, LIFE_REST);
    facts.busy = false;
    facts.profile_ready = true;
    decide(LIFE_STARTING, LIFE_REST);
}

/* The power went while it was forgotten, and netplan's generator has made a profile of it once
 * more.
 */
static void test_forgotten_network_is_let_go(void **state)
{
    facts.profiles_left = true;
    facts.radio = NM_RADIO_UP;
    decide(LIFE_CONNECTED, LIFE_MAKE_PROFILE);
    facts.profiles_left = false;
    facts.radio = NM_RADIO_IDLE;
    decide(LIFE_SCANNING, LIFE_SCAN);
}

static void test_saved_network_in_sight_is_helped(void **state)
{
    network_is_saved();
    facts.saved_in_sight = true;
    decide(LIFE_STARTING, LIFE_REST);
    after(11 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_CONNECT);
}

static void test_saved_network_stays_away(void **state)
{
    network_is_saved();
    decide(LIFE_STARTING, LIFE_REST);
    after(44 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_REST);
    after(1 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_silent_router_does_not_keep_hotspot_closed(void **state)
{
    network_is_saved();
    decide(LIFE_STARTING, LIFE_REST);
    after(46 * USEC_PER_SEC);
    facts.radio = NM_RADIO_ADDRESSING;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_wire_instead_of_saved_network(void **state)
{
    network_is_saved();
    facts.wire_up = true;
    decide(LIFE_WIRED, LIFE_REST);
    after(MINUTE);
    decide(LIFE_WIRED, LIFE_REST);
    facts.wire_up = false;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

/* Opens the hotspot after an outage, and returns when the first look is due. */
static void outage(void)
{
    network_is_saved();
    decide(LIFE_STARTING, LIFE_REST);
    after(45 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
    hotspot_is_open();
    decide(LIFE_HOTSPOT, LIFE_REST);
    after(decision.again_usec - facts.now_usec);
}

static void test_router_comes_back(void **state)
{
    outage();
    decide(LIFE_HOTSPOT, LIFE_SCAN);
    facts.scanning = true;
    decide(LIFE_HOTSPOT, LIFE_REST);
    facts.scanning = false;
    facts.saved_in_sight = true;
    decide(LIFE_HOTSPOT, LIFE_CONNECT);
    facts.on_hotspot = false;
    facts.radio = NM_RADIO_ASSOCIATING;
    decide(LIFE_STARTING, LIFE_REST);
    facts.radio = NM_RADIO_UP;
    decide(LIFE_CONNECTED, LIFE_REST);
}

static void test_guest_is_not_thrown_off(void **state)
{
    outage();
    facts.clients = 1;
    facts.saved_in_sight = true;
    after(10 * MINUTE);
    decide(LIFE_HOTSPOT, LIFE_REST);
    facts.clients = 0;
    decide(LIFE_HOTSPOT, LIFE_CONNECT);
}

static void test_looks_become_rare(void **state)
{
    uint64_t last = 0;

    outage();
    for (int i = 0; i < 8; i++) {
        decide(LIFE_HOTSPOT, LIFE_SCAN);
        after(6 * USEC_PER_SEC);
        decide(LIFE_HOTSPOT, LIFE_REST);
        last = decision.again_usec - facts.now_usec;
        after(last);
    }
    assert_true(last > 14 * MINUTE && last <= 15 * MINUTE);
}

static void test_customer_turned_radio_off(void **state)
{
    facts.radio_wanted = false;
    decide(LIFE_RADIO_OFF, LIFE_SWITCH_OFF);
    facts.radio_enabled = false;
    facts.radio = NM_RADIO_UNAVAILABLE;
    decide(LIFE_RADIO_OFF, LIFE_REST);
}

static void test_somebody_else_turned_radio_off(void **state)
{
    facts.radio_enabled = false;
    facts.radio = NM_RADIO_UNAVAILABLE;
    decide(LIFE_STARTING, LIFE_SWITCH_ON);
    /* It stays off: not asked for in a tight loop. */
    decide(LIFE_STARTING, LIFE_REST);
    after(5 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_SWITCH_ON);
}

static void test_no_radio(void **state)
{
    facts.radio = NM_RADIO_MISSING;
    decide(LIFE_NO_RADIO, LIFE_REST);
    facts.wire_up = true;
    decide(LIFE_WIRED, LIFE_REST);
    facts.wire_up = false;
    facts.radio = NM_RADIO_IDLE;
    facts.radio_blocked = true;
    decide(LIFE_NO_RADIO, LIFE_REST);
}

static void test_networkmanager_goes_and_comes(void **state)
{
    network_is_saved();
    decide(LIFE_STARTING, LIFE_REST);
    after(40 * USEC_PER_SEC);
    facts.nm_running = false;
    decide(LIFE_STARTING, LIFE_REST);
    facts.nm_running = true;
    decide(LIFE_STARTING, LIFE_REST);
    after(40 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_REST);
    after(5 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_nothing_is_done_during_a_join(void **state)
{
    facts.joining = true;
    facts.radio_enabled = false;
    facts.radio = NM_RADIO_UNAVAILABLE;
    decide(LIFE_JOINING, LIFE_REST);
}

static void test_stale_hotspot_is_made_anew(void **state)
{
    hotspot_is_open();
    facts.scanned = true;
    facts.hotspot_stale = true;
    decide(LIFE_HOTSPOT, LIFE_CLOSE_HOTSPOT);
    facts.on_hotspot = false;
    facts.radio = NM_RADIO_IDLE;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_outdated_hotspot_is_closed_at_once(void **state)
{
    hotspot_is_open();
    facts.clients = 1;
    facts.hotspot_outdated = true;
    decide(LIFE_HOTSPOT, LIFE_CLOSE_HOTSPOT);
}

static void test_hotspot_waits_for_the_country(void **state)
{
    facts.scanned = true;
    facts.country_pending = true;
    decide(LIFE_STARTING, LIFE_REST);
    facts.country_pending = false;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

static void test_what_a_join_left_goes_first(void **state)
{
    facts.trial_left = true;
    facts.radio = NM_RADIO_UP;
    decide(LIFE_CONNECTED, LIFE_DROP_TRIAL);
    /* It can't be had: that keeps nobody out. */
    facts.radio = NM_RADIO_IDLE;
    facts.scanned = true;
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
    after(6 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_DROP_TRIAL);
    facts.joining = true;
    after(6 * USEC_PER_SEC);
    decide(LIFE_JOINING, LIFE_REST);
}

static void test_radio_that_cannot_serve(void **state)
{
    facts.scanned = true;
    facts.cannot_serve = true;
    decide(LIFE_STARTING, LIFE_REST);
    network_is_saved();
    facts.saved_in_sight = true;
    decide(LIFE_STARTING, LIFE_REST);
    after(11 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_CONNECT);
    /* NetworkManager gives up a network that has let nobody in once. We don't, for there is no
     * other way. */
    after(40 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_REST);
    for (int i = 0; i < 6; i++) {
        assert_true(decision.again_usec > facts.now_usec);
        after(decision.again_usec - facts.now_usec);
        decide(LIFE_STARTING, LIFE_CONNECT);
        after(6 * USEC_PER_SEC);
        decide(LIFE_STARTING, LIFE_REST);
    }
}

/* The saved network has its turns between those of a hotspot that never opens. */
static void test_hotspot_that_never_opens(void **state)
{
    int opened = 0, connected = 0;

    network_is_saved();
    facts.saved_in_sight = true;
    for (int i = 0; i < 600; i++) {
        life_decide(&life, &facts, &decision);
        if (decision.action == LIFE_OPEN_HOTSPOT) {
            life_hotspot_failed(&life, facts.now_usec);
            opened++;
        }
        if (decision.action == LIFE_CONNECT && opened)
            connected++;
        after(6 * USEC_PER_SEC);
    }
    assert_in_range(opened, 30, 65);
    assert_in_range(connected, 4, 10);
}

/* netplan refuses for a while: it is asked again, and what is due is never in the past. */
static void test_hotspot_while_the_profile_is_missing(void **state)
{
    hotspot_is_open();
    facts.saved = true;
    facts.saved_in_sight = true;
    decide(LIFE_HOTSPOT, LIFE_MAKE_PROFILE);
    for (int i = 0; i < 3; i++) {
        decide(LIFE_HOTSPOT, LIFE_REST);
        assert_true(decision.again_usec > facts.now_usec);
        after(decision.again_usec - facts.now_usec);
        decide(LIFE_HOTSPOT, LIFE_MAKE_PROFILE);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_scan_then_hotspot),
            TEST(test_wire_keeps_hotspot_closed),
            TEST(test_wire_that_is_coming),
            TEST(test_hotspot_of_an_earlier_run),
            TEST(test_wire_closes_hotspot_without_guests),
            TEST(test_failing_hotspot_is_tried_later_and_later),
            TEST(test_saved_network_at_start),
            TEST(test_saved_network_without_profile),
            TEST(test_forgotten_network_is_let_go),
            TEST(test_saved_network_in_sight_is_helped),
            TEST(test_saved_network_stays_away),
            TEST(test_silent_router_does_not_keep_hotspot_closed),
            TEST(test_wire_instead_of_saved_network),
            TEST(test_router_comes_back),
            TEST(test_guest_is_not_thrown_off),
            TEST(test_looks_become_rare),
            TEST(test_customer_turned_radio_off),
            TEST(test_somebody_else_turned_radio_off),
            TEST(test_no_radio),
            TEST(test_networkmanager_goes_and_comes),
            TEST(test_nothing_is_done_during_a_join),
            TEST(test_stale_hotspot_is_made_anew),
            TEST(test_outdated_hotspot_is_closed_at_once),
            TEST(test_hotspot_waits_for_the_country),
            TEST(test_what_a_join_left_goes_first),
            TEST(test_radio_that_cannot_serve),
            TEST(test_hotspot_that_never_opens),
            TEST(test_hotspot_while_the_profile_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
