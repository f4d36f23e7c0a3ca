/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The unit file of a persistent service: the steps of making and removing one. It is written whole
 * and durably, and only where nothing stands or what we have written ourselves.
 */

#include "daemon-call.h"

/* Where it is going to be: sets call->path. */
int daemon_file_place(struct unbox_daemon_call *call);

/* No unit of that name is there, or ours. */
int daemon_file_look(struct unbox_daemon_call *call);

/* Writes call->text; from here on a failure puts back what was there. */
int daemon_file_write(struct unbox_daemon_call *call);

int daemon_file_enable(struct unbox_daemon_call *call);
int daemon_file_disable(struct unbox_daemon_call *call);

/* systemd reads all unit files again, if one of ours is or was among them. */
int daemon_file_reload(struct unbox_daemon_call *call);

/* It could make something of ours. */
int daemon_file_verify(struct unbox_daemon_call *call);

/* The unit is one that may be removed: transient, or with a file of ours. */
int daemon_file_look_for_ours(struct unbox_daemon_call *call);

/* When there is one. */
int daemon_file_remove(struct unbox_daemon_call *call);
