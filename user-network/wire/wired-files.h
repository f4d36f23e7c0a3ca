/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of the wire: the one that says which fixed address the customer gave it, its copy for
 * netplan, and the note of a change that goes on. No truth means DHCP, which
 * /etc/netplan/50-cloud-init.yaml and, under it, the profile in /usr/lib see to without us.
 */

#include "paths.h"
#include "wired-yaml.h"

struct wired_files;

/*
 * Reads the truth, and makes the installed copy equal to it; a truth that can't be read as ours is
 * put aside. What the disk refuses is logged: the rest of the daemon can do without. `paths` is
 * borrowed. 0 or -ENOMEM.
 */
int wired_files_new(const struct paths *paths, struct wired_files **ret);

/* Accepts NULL; returns NULL. */
struct wired_files *wired_files_free(struct wired_files *files);

/* NULL: DHCP. */
const struct wired_settings *wired_files_settings(const struct wired_files *files);

/* The truth as text, "" for DHCP. */
const char *wired_files_text(const struct wired_files *files);

/* Whether the copy had to be changed: netplan has generated without it. */
bool wired_files_mended(const struct wired_files *files);

/* Makes this text of wired_yaml_write() the truth, and installs it; "" removes both. When that
 * fails the one before stands. 0 or a negative errno. */
int wired_files_save(struct wired_files *files, const char *text);

/* Notes that the wire is on its way to `text` ("": DHCP), under this checkpoint of NetworkManager
 * ("": none). 0 or a negative errno. */
int wired_files_note(const struct wired_files *files, const char *text, const char *checkpoint);

/* 1 with both, which the caller frees; 0 when there is no note that is whole. A checkpoint of
 * another boot is none. */
int wired_files_noted(const struct wired_files *files, char **ret_text, char **ret_checkpoint);

void wired_files_unnote(const struct wired_files *files);

DEFINE_CLEANUP(struct wired_files *, wired_files_free);
