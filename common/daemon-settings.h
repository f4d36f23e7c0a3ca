/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The settings of a service in systemd's two languages: a unit file, and the properties of
 * StartTransientUnit. What can't be said in either is refused before anything is done.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <systemd/sd-bus.h>

#include "unbox/daemon.h"

/* The first line of each unit file that is ours: such a one may be replaced and removed. */
#define DAEMON_FILE_MARK "# Made by unbox_daemon_create(), which will replace it."

/*
 * A kind of values: `field` points to the member of struct unbox_daemon_settings. `write` makes
 * lines of a unit file (what goes wrong with the stream is for its owner to notice), `append` the
 * variant of a property.
 */
struct daemon_kind {
    bool (*is_set)(const void *field);
    bool (*is_valid)(const void *field);
    void (*write)(FILE *file, const char *name, const void *field);
    int (*append)(sd_bus_message *m, const void *field);
};

extern const struct daemon_kind daemon_text, daemon_path, daemon_user, daemon_command,
        daemon_environment, daemon_units, daemon_type, daemon_restart, daemon_time, daemon_number,
        daemon_percent, daemon_count, daemon_flag;

/* Adds ".service" to a name without an ending. -EINVAL: no unit can be called so. */
int daemon_unit_name(const char *name, char **ret);

/* Of units so called a service can be made: no template's instance, and no other kind. */
bool daemon_can_be_made(const char *unit);

/* 0, or -EINVAL with the name of the setting that a unit can't hold. */
int daemon_settings_check(const struct unbox_daemon_settings *settings, const char **ret_setting);

/* The unit file, of settings that were checked; freed by the caller. -E2BIG, -ENOMEM. */
int daemon_settings_to_file(
        const struct unbox_daemon_settings *settings, char **ret_text, size_t *ret_size);

/* Appends an a(sv), of settings that were checked. */
int daemon_settings_to_message(const struct unbox_daemon_settings *settings, sd_bus_message *m);

/* The same two for limits. -EINVAL also when there are none at all: nothing would be asked for. */
int daemon_limits_check(const struct unbox_daemon_limits *limits, const char **ret_setting);
int daemon_limits_to_message(const struct unbox_daemon_limits *limits, sd_bus_message *m);
