/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where user-network keeps and finds its files. `--root` puts another folder before all of them,
 * for tests. */

#include "util.h"

struct paths {
    char *state;         /* /var/lib/unbox/network */
    char *truth;         /* …/user-netplan.yaml: that there is a customer's network, and which */
    char *radio_off;     /* …/radio-off: the customer wants no radio */
    char *verdict;       /* …/verdict.json: how the last join ended */
    char *join;          /* …/join.json: a join is going on, or was when the power went */
    char *country;       /* …/country: what the customer has said */
    char *identity;      /* /var/lib/unbox/identity/current/identity.json */
    char *request;       /* /run/unbox/hotspot-requested: until the next boot */
    char *sockets;       /* /proc/self/net */
    char *installed;     /* /etc/netplan/60-user-netplan.yaml */
    char *hotspot_names; /* /etc/NetworkManager/dnsmasq-shared.d/90-unbox.conf */
    char *hostname;      /* /etc/hostname */
    char *generated;     /* /run/NetworkManager/system-connections */
    char *check_root;    /* /run/unbox-netplan-check: where netplan tries a file */
    char *wired_truth;   /* …/user-wired.yaml: the customer gave the wire a fixed address */
    char *wired_change;  /* …/wired.json: a change of the wire is going on, or was */
    char *wired_installed;  /* /etc/netplan/70-user-wired.yaml */
    char *wired_check_root; /* /run/unbox-netplan-check-wired */
    char *socket;           /* /run/unbox/user-network.sock */
    char *healthd;          /* /run/unbox/healthd.sock */
};

/* `root` is "" or a folder without a slash at its end. 0 or -ENOMEM. */
int paths_init(const char *root, struct paths *ret);

void paths_done(struct paths *paths);
