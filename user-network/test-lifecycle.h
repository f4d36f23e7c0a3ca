/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What both files of the lifecycle's tests tell their stories with. */

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lifecycle.h"
#include "util.h"

#define MINUTE (60 * USEC_PER_SEC)

static struct life life;
static struct life_facts facts;
static struct life_decision decision;

/* A device in its first time: radio ready, no wire, nothing saved, nothing scanned yet. */
static inline int first_time(void **state)
{
    life = (struct life){};
    facts = (struct life_facts){
            .now_usec = MINUTE,
            .boot_wait_usec = 45 * USEC_PER_SEC,
            .nm_running = true,
            .radio_wanted = true,
            .radio_enabled = true,
            .radio = NM_RADIO_IDLE,
    };
    return 0;
}

static inline void decide(enum life_state state, enum life_action action)
{
    life_decide(&life, &facts, &decision);
    assert_string_equal(life_state_name(decision.state), life_state_name(state));
    assert_int_equal(decision.action, action);
}

static inline void after(uint64_t usec)
{
    facts.now_usec += usec;
}

static inline void hotspot_is_open(void)
{
    facts.on_hotspot = true;
    facts.scanned = true;
    facts.radio = NM_RADIO_UP;
    life_hotspot_opened(&life);
}

static inline void network_is_saved(void)
{
    facts.saved = true;
    facts.profile_ready = true;
}

#define TEST(name) cmocka_unit_test_setup(name, first_time)
