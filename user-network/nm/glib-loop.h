/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * GLib's default main context as a guest in sd-event. libnm needs the first, the rest of the suite
 * runs on the second; one thread serves both.
 */

#include <systemd/sd-event.h>

#include "util.h"

struct glib_loop;

/* 0 or a negative errno. From here on sources of the default context are dispatched by `event`. */
int glib_loop_new(sd_event *event, struct glib_loop **ret);

/* Accepts NULL; returns NULL. */
struct glib_loop *glib_loop_free(struct glib_loop *loop);

DEFINE_CLEANUP(struct glib_loop *, glib_loop_free);
