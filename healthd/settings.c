/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Reads the configuration, and tells the journal when it can't be used. */

#include "settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unbox/log.h"
#include "unbox/messages.h"

_Static_assert(LADDER_STEPS_MAX >= 16, "as many as a list of numbers may have");

DEFINE_CLEANUP(struct unbox_config *, unbox_config_free);

static const char *path(void)
{
    return secure_getenv("UNBOX_CONFIG") ?: UNBOX_CONFIG_PATH;
}

static int refuse(struct settings *settings, int error, const char *text)
{
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", text);
    free(settings->error);
    settings->error = strdup(text);
    return error;
}

/*
 * A device may do without the file. One that had it has lost it, or somebody is replacing it: that
 * is no wish for the defaults.
 */
int settings_read(struct settings *settings, struct unbox_config **ret)
{
    _cleanup_(unbox_config_free_p) struct unbox_config *config = NULL;
    struct unbox_config_error error;
    int r;

    if (settings->from_file && access(path(), F_OK) < 0) {
        snprintf(error.text, sizeof(error.text), "%s: is gone; what it said still holds", path());
        return refuse(settings, -ENOENT, error.text);
    }
    r = unbox_config_load(path(), &config, &error);
    if (r < 0)
        return refuse(settings, r, error.text);
    *ret = STEAL(config);
    return 0;
}

void settings_take(struct settings *settings, struct unbox_config *config)
{
    unbox_config_free(settings->config);
    free(settings->error);
    settings->config = config;
    settings->error = NULL;
    settings->from_file = access(path(), F_OK) >= 0;
}

void settings_clear(struct settings *settings)
{
    unbox_config_free(settings->config);
    free(settings->error);
    *settings = (struct settings){};
}

static uint64_t seconds(const struct unbox_config *config, const char *key)
{
    return unbox_config_int(config, key) * USEC_PER_SEC;
}

void settings_rules(const struct unbox_config *config, struct ladder_rules *ret)
{
    struct ladder_rules rules = {
            .interval = seconds(config, "health.restart_interval_seconds"),
            .starting_limit = seconds(config, "health.starting_limit_seconds"),
            .settling = seconds(config, "health.settling_seconds"),
            .good_health = seconds(config, "health.good_health_seconds"),
    };
    const int64_t *delays;
    size_t count;

    delays = unbox_config_ints(config, "health.restart_delays_seconds", &count);
    for (size_t i = 0; i < count && i < LADDER_STEPS_MAX; i++)
        rules.delays[rules.steps++] = delays[i] * USEC_PER_SEC;
    *ret = rules;
}
