/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the device should be doing with its radio, decided from what is true right now. No input, no
 * output, no clock of its own: facts go in, one action comes out, and it is asked again whenever a
 * fact has changed. So it doesn't matter in which order things happen, or which were missed while
 * NetworkManager or we were away.
 */

#include <stdbool.h>
#include <stdint.h>

#include "nm.h"

enum life_state {
    LIFE_STARTING,
    LIFE_SCANNING,
    LIFE_HOTSPOT,
    LIFE_JOINING,
    LIFE_CONNECTED,
    LIFE_WIRED,
    LIFE_RADIO_OFF,
    LIFE_NO_RADIO,
};

enum life_action {
    LIFE_REST,
    LIFE_SWITCH_ON,
    LIFE_SWITCH_OFF,
    LIFE_SCAN,
    LIFE_OPEN_HOTSPOT,
    LIFE_CLOSE_HOTSPOT,
    LIFE_MAKE_PROFILE, /* have NetworkManager know the saved network */
    LIFE_CONNECT,      /* activate the saved network */
    LIFE_END_REQUEST,  /* the hotspot that was asked for has served its turn */
    LIFE_DROP_TRIAL,   /* have NetworkManager forget what a join was tried with */
    _LIFE_ACTIONS,
};

struct life_facts {
    uint64_t now_usec;
    uint64_t boot_wait_usec;
    bool nm_running;
    bool busy; /* the last action isn't finished: none is wanted now */
    bool joining;
    bool radio_wanted; /* the customer hasn't turned it off */
    bool radio_enabled;
    bool radio_blocked;
    enum nm_radio_state radio;
    bool on_hotspot;        /* what the radio does is the hotspot */
    bool hotspot_stale;     /* it should be made anew, when nobody is on it */
    bool hotspot_outdated;  /* it should be made anew at once */
    bool hotspot_requested; /* it was asked for, whatever else there is */
    bool hotspot_refused;   /* it is no longer: close it, if there is another way to the device */
    bool cannot_serve;      /* the radio has no access point mode */
    bool country_pending;   /* the kernel is being told of the country: no hotspot before */
    uint64_t request_usec;  /* how long a request holds while nobody is on the hotspot */
    unsigned clients;
    bool wire_up;     /* carrier and address */
    bool wire_coming; /* carrier, and an address may still come */
    bool saved;
    bool profile_ready;  /* NetworkManager knows the saved network */
    bool profiles_left;  /* NetworkManager knows networks that are no longer saved */
    bool trial_left;     /* and what a join was tried with that has ended */
    bool saved_in_sight; /* in a recent scan */
    bool scanning;
    bool scanned;
};

struct life {
    uint64_t waiting_since;   /* the saved network is missing since then; 0: it isn't */
    uint64_t wire_wait_until; /* 0: not yet looked for */
    uint64_t look_interval;   /* between looks for the saved network, growing */
    uint64_t next_look;
    bool looking;                       /* a scan was asked for to find it */
    uint64_t not_before[_LIFE_ACTIONS]; /* so that what fails isn't tried in a tight loop */
    unsigned hotspot_failures;
    uint64_t deserted_since; /* nobody is on the hotspot that was asked for; 0: somebody is */
};

struct life_decision {
    enum life_state state;
    enum life_action action;
    uint64_t again_usec; /* ask again then, whatever happens; 0: no need */
};

void life_decide(struct life *life, const struct life_facts *facts, struct life_decision *ret);

/* The hotspot didn't open: it is tried again later and later. */
void life_hotspot_failed(struct life *life, uint64_t now_usec);
void life_hotspot_opened(struct life *life);

/* A join or the customer has changed what is saved: start over. */
void life_restart(struct life *life);

const char *life_state_name(enum life_state state);
