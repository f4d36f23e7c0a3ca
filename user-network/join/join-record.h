/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * That a join goes on, on the disk: so that the start after a power cut or a crash can tell the
 * customer that it was interrupted, and clear away NetworkManager's checkpoint. Holds no password.
 */

#include "paths.h"
#include "ssid.h"

#define JOIN_RECORD_TEXT_MAX 128

struct join_record {
    struct ssid ssid;
    char digest[JOIN_RECORD_TEXT_MAX];     /* of the files that it wants to install, see saved_is();
                                              empty: they are there already */
    char checkpoint[JOIN_RECORD_TEXT_MAX]; /* its D-Bus path */
};

/* 0 or a negative errno. */
int join_record_write(const struct paths *paths, const struct join_record *record);

/* False when there is none that is whole. */
bool join_record_read(const struct paths *paths, struct join_record *ret);

void join_record_remove(const struct paths *paths);
