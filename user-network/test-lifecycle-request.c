/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The same of a hotspot that was asked for: it opens over everything, and goes by itself. */

#include "test-lifecycle.h"

/* A hotspot that the customer asked for while the device was on his network. */
static void requested(void)
{
    network_is_saved();
    facts.radio = NM_RADIO_UP;
    facts.request_usec = 10 * MINUTE;
    decide(LIFE_CONNECTED, LIFE_REST);
    facts.hotspot_requested = true;
}

static void test_request_opens_hotspot_over_everything(void **state)
{
    requested();
    facts.wire_up = true;
    decide(LIFE_WIRED, LIFE_OPEN_HOTSPOT);
    hotspot_is_open();
    facts.saved_in_sight = true;
    decide(LIFE_HOTSPOT, LIFE_REST);
    assert_int_equal(decision.again_usec, facts.now_usec + 10 * MINUTE);
}

static void test_request_ends_when_nobody_comes(void **state)
{
    requested();
    hotspot_is_open();
    decide(LIFE_HOTSPOT, LIFE_REST);
    after(9 * MINUTE);
    facts.clients = 1;
    decide(LIFE_HOTSPOT, LIFE_REST);
    after(30 * MINUTE);
    decide(LIFE_HOTSPOT, LIFE_REST);
    facts.clients = 0;
    decide(LIFE_HOTSPOT, LIFE_REST);
    after(9 * MINUTE);
    decide(LIFE_HOTSPOT, LIFE_REST);
    after(1 * MINUTE);
    decide(LIFE_HOTSPOT, LIFE_END_REQUEST);
    facts.hotspot_requested = false;
    facts.hotspot_refused = true;
    facts.saved_in_sight = true;
    decide(LIFE_HOTSPOT, LIFE_CONNECT);
}

static void test_refused_hotspot_is_left_under_its_guest(void **state)
{
    requested();
    hotspot_is_open();
    facts.clients = 1;
    facts.hotspot_requested = false;
    facts.hotspot_refused = true;
    facts.saved_in_sight = true;
    decide(LIFE_HOTSPOT, LIFE_CONNECT);
    /* The saved network gets its time, and when that is over the hotspot is back. */
    facts.on_hotspot = false;
    facts.hotspot_refused = false;
    facts.radio = NM_RADIO_ASSOCIATING;
    decide(LIFE_STARTING, LIFE_REST);
    after(46 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
}

/* The saved network gets its time from when the radio is free to look for it. */
static void test_refused_hotspot_while_nothing_is_in_sight(void **state)
{
    requested();
    hotspot_is_open();
    after(10 * MINUTE);
    facts.hotspot_requested = false;
    facts.hotspot_refused = true;
    decide(LIFE_HOTSPOT, LIFE_CLOSE_HOTSPOT);
    facts.on_hotspot = false;
    facts.hotspot_refused = false;
    facts.radio = NM_RADIO_IDLE;
    decide(LIFE_STARTING, LIFE_REST);
    after(44 * USEC_PER_SEC);
    decide(LIFE_STARTING, LIFE_REST);
    facts.radio = NM_RADIO_UP;
    decide(LIFE_CONNECTED, LIFE_REST);
}

static void test_refused_hotspot_with_nothing_but_a_wire(void **state)
{
    hotspot_is_open();
    facts.wire_up = true;
    facts.clients = 1;
    facts.hotspot_refused = true;
    decide(LIFE_HOTSPOT, LIFE_CLOSE_HOTSPOT);
}

static void test_only_way_is_never_closed(void **state)
{
    hotspot_is_open();
    facts.hotspot_refused = true;
    decide(LIFE_HOTSPOT, LIFE_REST);
}

static void test_request_that_fails_is_given_up(void **state)
{
    requested();
    for (int i = 0; i < 3; i++) {
        decide(LIFE_STARTING, LIFE_OPEN_HOTSPOT);
        life_hotspot_failed(&life, facts.now_usec);
        after(MINUTE);
    }
    decide(LIFE_STARTING, LIFE_END_REQUEST);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
            TEST(test_request_opens_hotspot_over_everything),
            TEST(test_request_ends_when_nobody_comes),
            TEST(test_refused_hotspot_is_left_under_its_guest),
            TEST(test_refused_hotspot_while_nothing_is_in_sight),
            TEST(test_refused_hotspot_with_nothing_but_a_wire),
            TEST(test_only_way_is_never_closed),
            TEST(test_request_that_fails_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
