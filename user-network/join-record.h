/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * That a join goes on, on the disk: so that the start after a power cut or a crash can tell the
 * customer that it was interrupted, and clear away NetworkManager's checkpoint. Holds no password.
 */

#include "paths.h"
#include "ssid.h"

/* `checkpoint` is a D-Bus path. 0 or a negative errno. */
int join_record_write(const struct paths *paths, const struct ssid *ssid, const char *checkpoint);

/* 1 with both filled in (the caller frees *ret_checkpoint), 0 when there is none that is whole. */
int join_record_read(const struct paths *paths, struct ssid *ret, char **ret_checkpoint);

void join_record_remove(const struct paths *paths);
