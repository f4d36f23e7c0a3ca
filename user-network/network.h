/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The device's network as a whole: gathers the facts, lets lifecycle.c decide, does what was
 * decided, and keeps what status and page are told.
 */

#include "announce.h"
#include "country.h"
#include "device-identity.h"
#include "hotspot-settings.h"
#include "join-recover.h"
#include "join.h"
#include "lifecycle.h"
#include "nm.h"
#include "page-port.h"
#include "paths.h"
#include "saved.h"
#include "scan-list.h"
#include "stations.h"
#include "tell.h"
#include "unbox/config.h"
#include "unbox/run.h"
#include "verdict.h"
#include "wired.h"

struct network {
    struct unbox_run *run; /* borrowed, like the next two */
    const struct unbox_config *config;
    const struct paths *paths;
    const char *wifi_interface;
    const char *wired_interface;
    struct device_identity identity;
    struct hotspot_settings settings;
    struct nm_hotspot hotspot; /* borrows from them */
    struct ssid hotspot_ssid;
    struct ssid hotspot_aired; /* of the one that is open, or was last: while somebody is on it, it
                                * keeps a name that is another by now */
    char hostname[256];
    unsigned port;

    sd_bus *bus;
    struct page_port *page_port;
    struct announce *announce;
    sd_bus_slot *hostname_slot;
    struct wired *wired;
    struct nm *nm;
    struct saved *saved;
    struct join *join;
    struct stations *stations;
    struct country *country;
    struct tell *tell;
    sd_event_source *soon;  /* looks at everything before the loop waits again */
    sd_event_source *again; /* and at this time */

    struct scan_list air;
    uint64_t scan_started; /* of the round that goes on; 0: none */
    int64_t scan_before;   /* NetworkManager's last scan when it began */
    bool scan_repeated;
    bool scanned;

    struct life life;
    struct life_decision decision;
    struct nm_radio radio; /* as last seen */
    struct nm_wire wire;
    struct verdict verdict;
    struct verdict verdict_before; /* of a join; "password changed" may be a false alarm */
    uint64_t outlived_usec;        /* from then on bad news of where the device is counts no more */
    bool radio_wanted;
    bool busy;    /* an action is under way */
    bool opening; /* the hotspot was asked for and isn't up yet */
    bool hotspot_announced;
    bool hotspot_stale;    /* it resolves another hostname */
    bool hotspot_outdated; /* it is of another configuration */
    bool hotspot_abroad;   /* it was opened by another country's rules */
    bool hotspot_requested;
    bool hotspot_refused;          /* it was closed by the customer, and isn't yet */
    bool dns_port_taken;           /* when it was opened */
    bool radio_was_gone;           /* when NetworkManager was last asked */
    const char *hotspot_complaint; /* what the journal was last told of its settings */
    unsigned problems;             /* see preflight.h */
    char *hotspot_problem;         /* why it didn't open last time; NULL: it did */
    bool recovering;               /* an unfinished join was found, and isn't cleared away */
    struct join_record recovered;
    struct join_clean_up clean_up;
    struct ssid tried;           /* the saved network that was activated last */
    struct ssid refused;         /* the one that was to no avail, since the device was on any */
    uint64_t refused_usec;       /* when that was */
    uint64_t internet_lost_usec; /* since then there is none; 0: there is, or nobody knows */
};

int network_new(struct unbox_run *run, const struct unbox_config *config, const struct paths *paths,
        struct network **ret);

/* Accepts NULL; returns NULL. */
struct network *network_free(struct network *network);

/* Has everything looked at again, soon. */
void network_look(struct network *network);

/* CLOCK_BOOTTIME of this round of the loop. */
uint64_t network_now(struct network *network);

/* Whether what the radio does is our hotspot. */
bool network_on_hotspot(const struct network *network);

/* 0, -EBUSY, -ENOTCONN without a usable radio (the verdict then says why), -EILSEQ, -ENOSPC, or
 * another negative errno. */
int network_join(struct network *network, const struct wifi_network *wanted);

/* Whether a change would be answered with -EBUSY. */
bool network_changing(const struct network *network);

/* Forgets one, or all when `ssid` is NULL. 0, -EBUSY, -ENOENT, or another negative errno. */
int network_forget(struct network *network, const struct ssid *ssid);

/*
 * All that the customer has set is as on a device that is new: networks, the wire's address, the
 * country, the radio's switch, the hotspot's request. 0, -EBUSY, -ENOTCONN without NetworkManager,
 * or the first negative errno; the rest is done all the same.
 */
int network_reset(struct network *network);

/* As above. Which network the radio is on changes only when it leaves the present one. */
int network_set_priority(struct network *network, const struct ssid *ssid, int priority);
int network_switch_radio(struct network *network, bool on);

/* Asks for a scan; one that goes on is enough. 0 or -ENOTCONN. */
int network_scan(struct network *network);

DEFINE_CLEANUP(struct network *, network_free);
