/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The device's network as a whole: gathers the facts, lets lifecycle.c decide, does what was
 * decided, and keeps what status and page are told.
 */

#include "join.h"
#include "lifecycle.h"
#include "nm.h"
#include "paths.h"
#include "saved.h"
#include "scan-list.h"
#include "stations.h"
#include "unbox/config.h"
#include "unbox/run.h"
#include "verdict.h"

struct network {
    struct unbox_run *run; /* borrowed, like the next two */
    const struct unbox_config *config;
    const struct paths *paths;
    const char *wifi_interface;
    const char *wired_interface;
    struct nm_hotspot hotspot;
    struct ssid hotspot_ssid;
    char hostname[256];
    unsigned port;

    sd_bus *bus;
    sd_bus_slot *port_slot;
    struct nm *nm;
    struct saved *saved;
    struct join *join;
    struct stations *stations;
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
    bool radio_wanted;
    bool busy;    /* an action is under way */
    bool opening; /* the hotspot was asked for and isn't up yet */
    bool hotspot_announced;
    bool hotspot_stale;
    char *hotspot_problem; /* why it didn't open last time; NULL: it did */
    bool recovering;       /* an unfinished join was found, and isn't cleared away */
    struct ssid recovered;
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

/* 0, -EBUSY, -ENOTCONN without a usable radio, -EILSEQ, or another negative errno. */
int network_join(struct network *network, const struct wifi_network *wanted);

int network_forget(struct network *network);
int network_switch_radio(struct network *network, bool on);

/* Asks for a scan; one that goes on is enough. 0 or -ENOTCONN. */
int network_scan(struct network *network);

DEFINE_CLEANUP(struct network *, network_free);
