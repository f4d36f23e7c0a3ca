/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The configuration in force: read at the start, and again when somebody asks. What is wrong then
 * changes nothing; it is kept as a sentence until it is mended.
 */

#include "ladder.h"
#include "unbox/config.h"
#include "util.h"

struct settings {
    struct unbox_config *config;
    char *error;    /* why the last reading changed nothing; NULL: it is in force */
    bool from_file; /* there was a configuration file */
};

/*
 * Reads without putting it in force: *ret is for settings_take(), or unbox_config_free(). On
 * failure a negative errno, with `error` set (unless there was no memory for it) and logged.
 */
int settings_read(struct settings *settings, struct unbox_config **ret);
void settings_take(struct settings *settings, struct unbox_config *config);

void settings_clear(struct settings *settings);

/* The numbers of the ladder. */
void settings_rules(const struct unbox_config *config, struct ladder_rules *ret);
