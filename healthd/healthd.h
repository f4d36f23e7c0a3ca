/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What healthd is made of, and who tells whom. */

#include "api.h"
#include "bluetooth.h"
#include "checks.h"
#include "settings.h"
#include "unbox/run.h"

/* All zero before healthd_start(), but for the settings. */
struct healthd {
    struct unbox_run *run;
    struct settings settings;
    struct memory *memory;
    struct bluetooth *bluetooth;
    struct bus *bus;
    struct registry *registry;
    struct queues *queues;
    struct units *units;
    struct apply *apply;
    struct checks *checks;
    struct api api;
    struct unbox_ipc_server *server;
};

/* Begins to watch; READY follows when all was seen once. 0 or a negative errno. */
int healthd_start(struct healthd *healthd);

void healthd_done(struct healthd *healthd);
