/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The networks in the air: several radios with the same name are one line, the strongest of those
 * with the best protection speaks for them: anybody may open one of that name without a password.
 * NetworkManager forgets its list when the hotspot opens, so this one is kept and added to.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssid.h"

enum security {
    SECURITY_OPEN,
    SECURITY_WEP,
    SECURITY_OWE,
    SECURITY_WPA2, /* and WPA */
    SECURITY_WPA3,
    SECURITY_WPA2_WPA3,
    SECURITY_ENTERPRISE,
};

#define SECURITY_BIT(security) (1U << (security))

struct scan_entry {
    struct ssid ssid;
    unsigned signal;    /* percent */
    unsigned frequency; /* MHz */
    enum security security;
    unsigned securities; /* SECURITY_BIT() of each that has this name; made here */
    uint64_t seen_usec;  /* CLOCK_BOOTTIME */
};

struct scan_list {
    struct scan_entry *entries; /* strongest first after scan_list_sort() */
    size_t n_entries;
};

/*
 * Puts in what was seen. A sighting of the same moment or later replaces an older one; among those
 * of one scan the strongest stays, and one that lets nobody in without a password before one that
 * does. A list that is full keeps the strongest names. 0 or -ENOMEM.
 */
int scan_list_add(struct scan_list *list, const struct scan_entry *entry);

/* Drops what nobody has seen since. */
void scan_list_expire(struct scan_list *list, uint64_t before_usec);

void scan_list_sort(struct scan_list *list);

/* NULL when it isn't there. */
const struct scan_entry *scan_list_find(const struct scan_list *list, const struct ssid *ssid);

/* As above, and not when it was seen last before `now_usec` - `span_usec`. */
const struct scan_entry *scan_list_seen(const struct scan_list *list, const struct ssid *ssid,
        uint64_t now_usec, uint64_t span_usec);

void scan_list_clear(struct scan_list *list);

/* "open", "wpa2-wpa3", … */
const char *security_name(enum security security);

/* Whether joining takes a password and nothing more. */
bool security_is_psk(enum security security);

/* Whether there is one of this name that takes a password and nothing more, or is of this kind. */
bool scan_entry_takes_psk(const struct scan_entry *entry);
bool scan_entry_is(const struct scan_entry *entry, enum security security);

/* "2.4", "5" or "6" */
const char *band_name(unsigned frequency);

/*
 * The channel for a hotspot that has the fewest neighbours, of those that may be used everywhere:
 * `band` is "bg" or "a". `skip` leaves out that many of the best, for when they didn't work.
 */
unsigned scan_list_quiet_channel(const struct scan_list *list, const char *band, unsigned skip);
