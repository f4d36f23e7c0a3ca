/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Somebody else may change what was applied. It is told once and left as it is: who did it may have
 * had a reason. Files are seen by inotify, what others keep by their signals; nobody is asked in
 * between.
 */

#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "apply-file.h"
#include "apply-private.h"
#include "unbox/log.h"
#include "unbox/messages.h"

#define WATCHED (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_ONLYDIR)

/* bluetoothd shows an adapter first and then makes of it what it was before: that is nobody's
 * change. */
#define SOON_USEC (2 * USEC_PER_SEC)
#define ACCURACY_USEC (250 * USEC_PER_MSEC)

#define DRIFTED "is not what was applied: somebody has changed it"

/* Where a change is seen by inotify; NULL: it isn't. */
static const char *watched_path(const struct section *section)
{
    return section->properties ? section->properties->path : section->path;
}

static void look_at_file(struct apply_state *state)
{
    const char *expected = apply_record_digest(&state->record);
    struct apply_file now = {};
    bool drifted;

    if (!*expected) {
        state->drifted = false;
        return;
    }
    /* What can't be read isn't what was written. */
    drifted = apply_file_look(state->section->path, &now) < 0 || strcmp(now.digest, expected) != 0;
    apply_file_done(&now);
    if (drifted && !state->drifted)
        apply_tell(state, LOG_WARNING, UNBOX_MESSAGE_CONFIG_DRIFTED, "drifted", "%s " DRIFTED,
                state->section->path);
    state->drifted = drifted;
}

static void on_looked(const char *error, json_t *values, void *userdata)
{
    struct apply_state *state = userdata;
    _cleanup_json_ json_t *wanted = json_loads(apply_record_values(&state->record), 0, NULL);
    const char *other;

    /* Who isn't there has changed nothing. */
    if (!error && wanted) {
        other = properties_find_other(wanted, values);
        if (other && !state->drifted)
            apply_tell(state, LOG_WARNING, UNBOX_MESSAGE_CONFIG_DRIFTED, "drifted",
                    "%s's %s " DRIFTED, state->section->properties->owner, other);
        state->drifted = other;
    }
    state->look = properties_call_free(state->look);
}

static void look_at_properties(struct apply_state *state)
{
    int r;

    state->look = properties_call_free(state->look);
    if (!*apply_record_values(&state->record)) {
        state->drifted = false;
        return;
    }
    r = state->section->properties->look(state->apply->event, on_looked, state, &state->look);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't see whether the %s configuration has drifted",
                state->section->name);
}

static int on_soon(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct apply_state *state = userdata;

    /* When the bus comes back it is looked at in any case. */
    if (state->apply->bus)
        look_at_properties(state);
    return 0;
}

/* Whatever else happens until then is seen, too. */
static void look_soon(void *userdata)
{
    struct apply_state *state = userdata;
    int enabled = SD_EVENT_OFF, r = 0;

    if (!state->soon)
        r = sd_event_add_time_relative(state->apply->event, &state->soon, CLOCK_BOOTTIME, SOON_USEC,
                ACCURACY_USEC, on_soon, state);
    else if (sd_event_source_get_enabled(state->soon, &enabled) >= 0 && enabled == SD_EVENT_OFF) {
        r = sd_event_source_set_time_relative(state->soon, SOON_USEC);
        if (r >= 0)
            r = sd_event_source_set_enabled(state->soon, SD_EVENT_ONESHOT);
    }
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't arm a timer");
}

static int on_file_event(sd_event_source *source, const struct inotify_event *event, void *userdata)
{
    struct apply_state *state = userdata;
    const char *name = strrchr(watched_path(state->section), '/') + 1;

    if (event->mask & IN_IGNORED)
        state->watch = sd_event_source_disable_unref(state->watch);
    else if (event->len > 0 && strcmp(event->name, name) == 0)
        drift_refresh(state);
    return 0;
}

/* Where there is no folder yet there is no file that could drift. */
static void watch_file(struct apply_state *state, const char *path)
{
    _cleanup_free_ char *folder = NULL;
    int r;

    if (state->watch)
        return;
    folder = strndup(path, strrchr(path, '/') - path);
    r = folder ? sd_event_add_inotify(
                         state->apply->event, &state->watch, folder, WATCHED, on_file_event, state)
               : -ENOMEM;
    if (r < 0 && r != -ENOENT)
        unbox_log_errno(LOG_WARNING, r, "can't watch %s", folder ?: path);
}

static void watch_signals(struct apply_state *state)
{
    int r;

    if (!state->apply->bus)
        return;
    if (state->signals) {
        look_soon(state);
        return;
    }
    r = state->section->properties->watch(state->apply->bus, look_soon, state, &state->signals);
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "can't watch for changes of the %s configuration",
                state->section->name);
}

void drift_watch(struct apply_state *state)
{
    const char *path = watched_path(state->section);

    if (state->record.step == APPLY_NEVER)
        return;
    if (path)
        watch_file(state, path);
    else
        watch_signals(state);
    drift_refresh(state);
}

void drift_refresh(struct apply_state *state)
{
    if (!state->section->properties)
        look_at_file(state);
    else if (state->section->properties->path)
        look_at_properties(state);
}

void drift_forget(struct apply_state *state)
{
    state->look = properties_call_free(state->look);
    state->drifted = false;
}

void drift_unwatch_bus(struct apply_state *state)
{
    state->signals = properties_watch_free(state->signals);
    state->look = properties_call_free(state->look);
}

void drift_done(struct apply_state *state)
{
    drift_unwatch_bus(state);
    state->watch = sd_event_source_disable_unref(state->watch);
    state->soon = sd_event_source_disable_unref(state->soon);
}
