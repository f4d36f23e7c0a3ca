/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rules of a device's life with a network, in the order of their weight: what is impossible
 * first, then what the customer wants, then what he would want if he had to be asked.
 */

#include "lifecycle.h"

#include "util.h"

#define RETRY_USEC (5 * USEC_PER_SEC)
#define RETRY_PROFILE_USEC (60 * USEC_PER_SEC)
#define HOTSPOT_RETRY_MAX_USEC (60 * USEC_PER_SEC)

/* DHCP on a wire takes a few seconds after a boot: opening a hotspot meanwhile would be a flash. */
#define WIRE_WAIT_USEC (10 * USEC_PER_SEC)

/* NetworkManager's autoconnect goes first; we help when it has given the network up for a while. */
#define CONNECT_PATIENCE_USEC (10 * USEC_PER_SEC)

/* Looking for the saved network takes the radio off the hotspot's channel for seconds. */
#define LOOK_MIN_USEC (60 * USEC_PER_SEC)
#define LOOK_MAX_USEC (900 * USEC_PER_SEC)

/* A hotspot that was asked for and can't be opened must not keep the device off what works. */
#define REQUEST_FAILURES_MAX 3

static const uint64_t patience[_LIFE_ACTIONS] = {
        [LIFE_SWITCH_ON] = RETRY_USEC,
        [LIFE_SWITCH_OFF] = RETRY_USEC,
        [LIFE_SCAN] = RETRY_USEC,
        [LIFE_OPEN_HOTSPOT] = RETRY_USEC,
        [LIFE_CLOSE_HOTSPOT] = RETRY_USEC,
        [LIFE_MAKE_PROFILE] = RETRY_PROFILE_USEC,
        [LIFE_CONNECT] = RETRY_USEC,
        [LIFE_DROP_TRIAL] = RETRY_USEC,
};

static void again_at(struct life_decision *decision, uint64_t usec)
{
    if (!decision->again_usec || usec < decision->again_usec)
        decision->again_usec = usec;
}

/* Acts, unless the same was tried a moment ago. */
static void act(struct life *life, const struct life_facts *facts, struct life_decision *decision,
        enum life_action action)
{
    if (facts->busy || decision->action != LIFE_REST)
        return;
    if (facts->now_usec < life->not_before[action]) {
        again_at(decision, life->not_before[action]);
        return;
    }
    life->not_before[action] = facts->now_usec + patience[action];
    decision->action = action;
    again_at(decision, life->not_before[action]);
}

static enum life_state idle_state(const struct life_facts *facts)
{
    return facts->wire_up ? LIFE_WIRED : LIFE_STARTING;
}

static bool radio_in_use(const struct life_facts *facts)
{
    return facts->radio >= NM_RADIO_ASSOCIATING;
}

/* The next look for the saved network is later than the last one was, up to a quarter of an hour.
 */
static bool time_to_look(struct life *life, const struct life_facts *facts)
{
    if (!life->look_interval) {
        life->look_interval = LOOK_MIN_USEC;
        life->next_look = facts->now_usec + life->look_interval;
    }
    if (facts->now_usec < life->next_look)
        return false;
    life->look_interval *= 2;
    if (life->look_interval > LOOK_MAX_USEC)
        life->look_interval = LOOK_MAX_USEC;
    life->next_look = facts->now_usec + life->look_interval;
    return true;
}

static void open_hotspot(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    decision->state = idle_state(facts);
    if (!facts->cannot_serve && !facts->country_pending)
        act(life, facts, decision, LIFE_OPEN_HOTSPOT);
}

/* As far as is known: one that just failed to open is tried again, and may fail for ever. */
static bool can_open_hotspot(const struct life *life, const struct life_facts *facts)
{
    return !facts->cannot_serve && life->hotspot_failures == 0;
}

static bool has_other_way(const struct life_facts *facts)
{
    return facts->saved || facts->wire_up;
}

/* It was asked for while the radio does something else, or nothing. */
static void open_requested(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    life->deserted_since = 0;
    open_hotspot(life, facts, decision);
    if (life->hotspot_failures < REQUEST_FAILURES_MAX || !has_other_way(facts))
        return;
    decision->action = LIFE_REST;
    act(life, facts, decision, LIFE_END_REQUEST);
}

/* It was asked for, is open, and nobody is on it. */
static void keep_requested(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    uint64_t end;

    if (facts->hotspot_stale)
        act(life, facts, decision, LIFE_CLOSE_HOTSPOT);
    if (!life->deserted_since)
        life->deserted_since = facts->now_usec;
    end = life->deserted_since + facts->request_usec;
    if (facts->now_usec < end)
        again_at(decision, end);
    else
        act(life, facts, decision, LIFE_END_REQUEST);
}

/* It was open on request, and is no longer wanted. To the saved network there is no detour. */
static void leave_refused(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    /* What is not in sight is looked for with the radio free. */
    if (!facts->saved || !facts->profile_ready || !facts->saved_in_sight) {
        act(life, facts, decision, LIFE_CLOSE_HOTSPOT);
        return;
    }
    life->waiting_since = facts->now_usec;
    act(life, facts, decision, LIFE_CONNECT);
}

/* The hotspot is open, or opening. */
static void keep_hotspot(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    decision->state = facts->radio == NM_RADIO_UP ? LIFE_HOTSPOT : idle_state(facts);
    if (facts->radio != NM_RADIO_UP)
        return;
    if (facts->hotspot_outdated)
        act(life, facts, decision, LIFE_CLOSE_HOTSPOT);
    else if (facts->hotspot_refused && has_other_way(facts))
        leave_refused(life, facts, decision);
    /* We were away, and with us the list of what is in the air. */
    if (!facts->scanned && !facts->scanning)
        act(life, facts, decision, LIFE_SCAN);
    /* Otherwise whoever is on it isn't thrown off. */
    if (facts->clients > 0) {
        life->deserted_since = 0;
        return;
    }
    if (facts->hotspot_requested) {
        keep_requested(life, facts, decision);
        return;
    }
    if (facts->wire_up || facts->hotspot_stale) {
        act(life, facts, decision, LIFE_CLOSE_HOTSPOT);
        return;
    }
    if (!facts->saved || facts->scanning || facts->busy || decision->action != LIFE_REST)
        return;
    if (facts->saved_in_sight && facts->profile_ready &&
            (life->looking || time_to_look(life, facts))) {
        life->looking = false;
        life->waiting_since = facts->now_usec;
        act(life, facts, decision, LIFE_CONNECT);
        return;
    }
    if (!facts->saved_in_sight && time_to_look(life, facts)) {
        life->looking = true;
        act(life, facts, decision, LIFE_SCAN);
    }
    /* While the profile is missing, nothing has set the time of the next look. */
    if (life->next_look > facts->now_usec)
        again_at(decision, life->next_look);
}

/* A network is saved, and the radio is neither on it nor the hotspot. */
static void wait_for_saved(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    uint64_t until;

    decision->state = idle_state(facts);
    if (!life->waiting_since)
        life->waiting_since = facts->now_usec;
    until = life->waiting_since + facts->boot_wait_usec;
    if (facts->now_usec >= until && !facts->wire_up) {
        open_hotspot(life, facts, decision);
        if (decision->action != LIFE_REST || can_open_hotspot(life, facts))
            return;
    }
    if (!radio_in_use(facts) && facts->profile_ready && facts->saved_in_sight) {
        uint64_t help = life->waiting_since + CONNECT_PATIENCE_USEC;

        if (facts->now_usec < help)
            again_at(decision, help);
        else if (facts->now_usec < until || time_to_look(life, facts))
            act(life, facts, decision, LIFE_CONNECT);
        else
            again_at(decision, life->next_look);
    }
    if (facts->now_usec < until)
        again_at(decision, until);
}

/* The first time: nothing is saved. */
static void first_time(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    if (facts->wire_up) {
        decision->state = LIFE_WIRED;
        return;
    }
    decision->state = LIFE_STARTING;
    /* Somebody activated a profile of his own: wait for how it ends. */
    if (radio_in_use(facts))
        return;
    if (!life->wire_wait_until)
        life->wire_wait_until = facts->now_usec + WIRE_WAIT_USEC;
    if (!facts->scanned) {
        decision->state = LIFE_SCANNING;
        if (!facts->scanning)
            act(life, facts, decision, LIFE_SCAN);
        return;
    }
    if (facts->wire_coming && facts->now_usec < life->wire_wait_until) {
        again_at(decision, life->wire_wait_until);
        return;
    }
    open_hotspot(life, facts, decision);
}

/* What keeps the radio from being used at all. True when there is such a thing. */
static bool radio_unusable(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    if (!facts->radio_wanted) {
        decision->state = LIFE_RADIO_OFF;
        if (facts->radio_enabled)
            act(life, facts, decision, LIFE_SWITCH_OFF);
        return true;
    }
    if (facts->radio == NM_RADIO_MISSING || facts->radio == NM_RADIO_UNMANAGED ||
            facts->radio_blocked) {
        decision->state = facts->wire_up ? LIFE_WIRED : LIFE_NO_RADIO;
        return true;
    }
    if (!facts->radio_enabled) {
        decision->state = idle_state(facts);
        act(life, facts, decision, LIFE_SWITCH_ON);
        return true;
    }
    if (facts->radio == NM_RADIO_UNAVAILABLE) {
        decision->state = idle_state(facts);
        return true;
    }
    return false;
}

static void use_radio(
        struct life *life, const struct life_facts *facts, struct life_decision *decision)
{
    if (radio_unusable(life, facts, decision)) {
        life->waiting_since = 0;
    } else if (facts->on_hotspot) {
        keep_hotspot(life, facts, decision);
    } else if (facts->hotspot_requested) {
        open_requested(life, facts, decision);
    } else if (facts->radio == NM_RADIO_UP) {
        life->waiting_since = 0;
        life->look_interval = 0;
        decision->state = LIFE_CONNECTED;
    } else if (facts->saved) {
        wait_for_saved(life, facts, decision);
    } else {
        first_time(life, facts, decision);
    }
}

void life_decide(struct life *life, const struct life_facts *facts, struct life_decision *ret)
{
    struct life_decision decision = {.state = LIFE_STARTING};

    if (!facts->nm_running) {
        /* When it is back, the saved network gets its time again. */
        life_restart(life);
    } else if (facts->joining) {
        decision.state = LIFE_JOINING;
    } else {
        /* A NetworkManager that was started anew may have it still, and be on it. */
        if (facts->trial_left)
            act(life, facts, &decision, LIFE_DROP_TRIAL);
        /* Also when it is connected already: what is to be forgotten later has to be known. */
        if ((facts->saved && !facts->profile_ready) || facts->profiles_left)
            act(life, facts, &decision, LIFE_MAKE_PROFILE);
        use_radio(life, facts, &decision);
    }
    *ret = decision;
}

void life_hotspot_failed(struct life *life, uint64_t now_usec)
{
    uint64_t delay = RETRY_USEC << (life->hotspot_failures < 4 ? life->hotspot_failures : 4);

    life->hotspot_failures++;
    if (delay > HOTSPOT_RETRY_MAX_USEC)
        delay = HOTSPOT_RETRY_MAX_USEC;
    life->not_before[LIFE_OPEN_HOTSPOT] = now_usec + delay;
}

void life_hotspot_opened(struct life *life)
{
    life->hotspot_failures = 0;
}

void life_restart(struct life *life)
{
    *life = (struct life){};
}

const char *life_state_name(enum life_state state)
{
    static const char *const names[] = {
            [LIFE_STARTING] = "starting",
            [LIFE_SCANNING] = "scanning",
            [LIFE_HOTSPOT] = "hotspot",
            [LIFE_JOINING] = "joining",
            [LIFE_CONNECTED] = "connected",
            [LIFE_WIRED] = "wired",
            [LIFE_RADIO_OFF] = "radio-off",
            [LIFE_NO_RADIO] = "no-radio",
    };

    return names[state];
}
