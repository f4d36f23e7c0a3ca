/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What stands in the way of the radio or the hotspot, and what can be done. None of it keeps the
 * wire from working, and none is tried to be mended here.
 */

#include <stdbool.h>

#include "nm.h"

enum problem {
    PROBLEM_NO_RADIO,
    PROBLEM_RADIO_BLOCKED,
    PROBLEM_RADIO_UNMANAGED,
    PROBLEM_NO_ACCESS_POINT,
    PROBLEM_RADIO_NAME,
    PROBLEM_COUNTRY_MISSING,
    PROBLEM_COUNTRY_REFUSED,
    PROBLEM_DNS_PORT_TAKEN,
    PROBLEM_ADDRESS_TAKEN,
    _PROBLEMS,
};

struct preflight_facts {
    bool nm_running; /* without it nothing is known of the radio */
    enum nm_radio_state radio;
    bool radio_blocked;
    bool radio_can_serve; /* it can be an access point */
    bool radio_known;     /* the firewall knows by its name that it is a radio: see firewall.nft */
    bool country_known;
    bool country_refused; /* the kernel could not be told */
    bool dns_port_taken;
    bool address_taken; /* the wire is in the hotspot's network */
};

/* A set of problems: bit 1 << PROBLEM_…. */
unsigned preflight(const struct preflight_facts *facts);

/* "no-radio", … */
const char *problem_name(enum problem problem);

/* What is wrong, and what to do: a sentence or two. */
const char *problem_text(enum problem problem);

/*
 * Whether somebody listens on port 53 of every address, so that the hotspot's dnsmasq finds no
 * place; `folder` is /proc/self/net. What listens on one address alone is in nobody's way.
 */
bool preflight_dns_port_taken(const char *folder);
