/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Joining a network as a transaction: nothing that works is given up before the new network has
 * been proved, and whatever fails on the way, the device goes back to what it had.
 */

#include "nm.h"
#include "paths.h"
#include "saved.h"
#include "verdict.h"

struct join;

struct join_options {
    sd_event *event;
    const struct paths *paths; /* borrowed, like the next three */
    struct nm *nm;
    struct saved *saved;
    const struct scan_list *air; /* kept up to date by others */
    const char *country;         /* what stands there follows each change; "" without one */
    /*
     * It has ended. `detail` is for the technician, and may be NULL. The radio may still be on its
     * way back to what it did before.
     */
    void (*done)(
            enum verdict_code code, const struct ssid *ssid, const char *detail, void *userdata);
    void (*stepped)(void *userdata); /* join_to_json() has another step; optional */
    void *userdata;
};

int join_new(const struct join_options *options, struct join **ret);

/* Accepts NULL; returns NULL. One that goes on is left to the next start: see join-recover.h. */
struct join *join_free(struct join *join);

/*
 * Begins. 0, -EBUSY while one goes on, -EILSEQ for a name that netplan can't take, -ENOSPC when too
 * many are saved, or another negative errno.
 */
int join_start(struct join *join, const struct wifi_network *network);

bool join_running(const struct join *join);

/* NULL when none goes on: {"ssid","ssid_hex","step","started"} */
json_t *join_to_json(const struct join *join);

/* "joining HomeNet: waiting for an address" */
int join_summary(const struct join *join, char **ret);

/* The radio, or NetworkManager, has changed. */
void join_look(struct join *join);

/* An activation on the radio failed with this NMDeviceStateReason. */
void join_activation_failed(struct join *join, unsigned reason);

DEFINE_CLEANUP(struct join *, join_free);
