/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * NetworkManager, as far as this daemon needs it: one radio, one wire, a few profiles. libnm stays
 * behind this header; everything is asynchronous, and NetworkManager may come and go.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "hotspot-air.h"
#include "ssid.h"
#include "util.h"
#include "wifi-network.h"

/* Our two profiles, known by their UUIDs, so that they are found again after a restart of ours. */
#define NM_HOTSPOT_UUID "6d1f5b0c-5a0e-4b1e-9d38-2f6f2a5c7b01"
#define NM_JOIN_UUID "6d1f5b0c-5a0e-4b1e-9d38-2f6f2a5c7b02"

struct nm;

enum nm_radio_state {
    NM_RADIO_MISSING,     /* there is no such interface */
    NM_RADIO_UNMANAGED,   /* NetworkManager was told to keep its hands off */
    NM_RADIO_UNAVAILABLE, /* switched off, or wpa_supplicant isn't there yet */
    NM_RADIO_IDLE,
    NM_RADIO_ASSOCIATING,
    NM_RADIO_ADDRESSING,
    NM_RADIO_UP,
};

/* What NetworkManager's check of the connectivity says, if it has been configured to do one. */
enum nm_internet {
    NM_INTERNET_UNKNOWN,
    NM_INTERNET_MISSING,
    NM_INTERNET_REACHED,
};

struct nm_radio {
    enum nm_radio_state state;
    bool enabled;             /* NetworkManager's own switch */
    bool blocked;             /* by a switch of the hardware */
    bool can_serve;           /* it has an access point mode */
    char profile[37];         /* UUID of the one that is active or being activated; "" for none */
    const char *profile_file; /* where it is stored, or NULL; borrowed, until the loop goes on */
    struct ssid ssid;         /* of that profile */
    char address[INET6_ADDRSTRLEN];
    char gateway[INET6_ADDRSTRLEN]; /* "": there is none */
    enum nm_internet internet;
    unsigned signal;        /* percent */
    int64_t last_scan_msec; /* CLOCK_BOOTTIME; -1: never */
};

struct nm_wire {
    bool carrier;
    bool activating; /* an address may still come */
    char address[INET6_ADDRSTRLEN];
};

struct nm_events {
    /* Anything that nm_look_*() tells may have changed. Often called; don't work in it. */
    void (*changed)(void *userdata);
    /* An activation on the radio failed: `reason` is NetworkManager's NMDeviceStateReason. */
    void (*failed)(unsigned reason, void *userdata);
};

/*
 * `error` is 0 or a negative errno: -ENOTCONN when NetworkManager isn't running, -ENOENT when there
 * is no such thing, -ESTALE when what was made has gone again already. `message` is
 * NetworkManager's word on it, or NULL.
 */
typedef void (*nm_done)(int error, const char *message, void *userdata);

struct nm_hotspot {
    const char *ssid;
    const char *password;
    const char *band;    /* "bg" or "a" */
    unsigned channel;    /* 0: the quietest */
    const char *address; /* with its prefix length, "10.42.0.1/24" */
};

/*
 * `radio` and `wire` are the names that the interfaces should have; where there is none of that
 * name, another of its kind is taken. Doesn't wait for NetworkManager, which need not run;
 * `ready` is called when its bus has been reached. 0 or a negative errno.
 */
int nm_new(const char *radio, const char *wire, const struct nm_events *events, void *userdata,
        nm_done ready, struct nm **ret);

/* Drops what is under way without its callbacks. Accepts NULL; returns NULL. */
struct nm *nm_free(struct nm *nm);

/* The names of what is used now, or should be. Borrowed: the place stays, what stands there follows
 * each change. */
const char *nm_radio_name(const struct nm *nm);
const char *nm_wire_name(const struct nm *nm);

bool nm_running(const struct nm *nm);
void nm_look_radio(const struct nm *nm, struct nm_radio *ret);
void nm_look_wire(const struct nm *nm, struct nm_wire *ret);

/* The host's name as hostnamed has it, or NULL; borrowed until the next call. */
const char *nm_hostname(struct nm *nm);

/* Puts what NetworkManager sees in the air into the list, but for the names in `except`. */
void nm_look_air(
        const struct nm *nm, const struct ssid *except, size_t n_except, struct scan_list *list);

/* Whether a profile with this UUID, or stored in this file, is loaded. */
bool nm_has_profile(const struct nm *nm, const char *uuid, const char *file);

/* Whether a profile is loaded that netplan has made in this folder for a radio, whichever. */
bool nm_has_netplan_radio(const struct nm *nm, const char *folder);

/* Whether the hotspot's profile that is loaded was made from these settings. */
bool nm_hotspot_is_of(const struct nm *nm, const struct nm_hotspot *hotspot);

/*
 * The calls. Each ends with one call of `done`, which may be NULL, unless nm_free() comes first.
 */

/* The calls of this `userdata` that are under way end without a word; a checkpoint that is still to
 * come of one is destroyed. */
void nm_abandon(struct nm *nm, const void *userdata);

void nm_switch_radio(struct nm *nm, bool on, nm_done done, void *userdata);

/* Done when it was asked for; it has happened when last_scan_msec moves. The `hidden` ones (at most
 * WIFI_LIST_MAX) are probed for by name. */
void nm_scan(
        struct nm *nm, const struct ssid *hidden, size_t n_hidden, nm_done done, void *userdata);

/*
 * Makes the hotspot's profile anew, in memory, and activates it there: left to itself,
 * NetworkManager takes any channel of the band, also one that the radio may not open a hotspot on.
 */
void nm_open_hotspot(struct nm *nm, const struct nm_hotspot *hotspot, const struct hotspot_air *air,
        nm_done done, void *userdata);

/*
 * Activates what netplan made for `wanted` on the radio as a profile that nobody stores and that is
 * gone when it ends. -EINVAL when NetworkManager would read another name out of the keyfile.
 */
void nm_try_keyfile(struct nm *nm, const char *keyfile, size_t size, const struct ssid *wanted,
        nm_done done, void *userdata);

/* The name that NetworkManager reads out of a keyfile. 0 or -EBADMSG. */
int nm_keyfile_ssid(const char *keyfile, size_t size, struct ssid *ret);

/* NULL when NetworkManager can use the certificates and the key of an 802.1X network; otherwise
 * what is wrong with them, as a sentence for the customer. Reads the files. */
const char *nm_check_certificates(const struct wifi_network *network);

/* Activates the profile stored in this file, which is loaded already. */
void nm_activate_file(struct nm *nm, const char *file, nm_done done, void *userdata);

void nm_disconnect_radio(struct nm *nm, nm_done done, void *userdata);
void nm_delete_profile(struct nm *nm, const char *uuid, nm_done done, void *userdata);

/* Has the profiles read again that others have put on the disk. */
void nm_reload_profiles(struct nm *nm, nm_done done, void *userdata);

/*
 * A checkpoint remembers how the radio is set up. Unless it is destroyed in time NetworkManager
 * goes back to it by itself, whatever has become of us.
 */
void nm_checkpoint_create(struct nm *nm, unsigned timeout_sec, nm_done done, void *userdata);

/* Its D-Bus path, borrowed; NULL when there is none. Kept from _create() until it has ended. */
const char *nm_checkpoint(const struct nm *nm);

/* Takes over the checkpoint of an earlier run of ours. */
int nm_checkpoint_adopt(struct nm *nm, const char *path);

void nm_checkpoint_rollback(struct nm *nm, nm_done done, void *userdata);
void nm_checkpoint_destroy(struct nm *nm, nm_done done, void *userdata);

DEFINE_CLEANUP(struct nm *, nm_free);
