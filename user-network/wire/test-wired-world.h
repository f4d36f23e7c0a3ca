/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The NetworkManager and the netplan that test-wired.c plays: what they were asked is in `asked`,
 * one letter a call. */

#include <systemd/sd-event.h>

#include "paths.h"
#include "wired-yaml.h"

extern struct world {
    bool running, carrier, refuses;
    char profile[37];
    char address[INET6_ADDRSTRLEN];
    bool up;
    char *checkpoint;
    /* k: checkpoint, t: try, b: back, d: destroy, x: delete, r: reload, a: activate */
    char asked[64];
    bool dies;   /* NetworkManager, when it is to read its profiles again */
    bool broken; /* netplan: /etc/netplan has a stranger's broken file */
} world;

extern struct paths paths;
extern sd_event *event;

/* What is active on the wire, and its address; "": none yet. */
void use(const char *profile, const char *address);

/* Ends what netplan is doing. */
void end_netplan(void);
