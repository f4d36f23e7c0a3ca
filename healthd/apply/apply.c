/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * All sections over time: one change at a time, those that have to be gone back on, and what
 * happens to the files meanwhile.
 */

#include "apply.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "apply-file.h"
#include "apply-private.h"
#include "bus.h"
#include "timestamp.h"
#include "unbox/ipc.h"
#include "unbox/log.h"
#include "unbox/messages.h"

#define OWN_NAME "healthd"

void apply_tell(const struct apply_state *state, int priority, const char *message_id,
        const char *event, const char *format, ...)
{
    const char *section = state->section->name;
    char message[512], topic[32];
    const struct bus_entry entry = {priority, message_id,
            UNBOX_FIELDS("UNBOX_SECTION", section, "UNBOX_EVENT", event), message};
    va_list args;
    int r;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    snprintf(topic, sizeof(topic), "config.%s", event);
    r = bus_publish_kept(memory_bus(state->apply->memory), topic,
            json_pack("{s:s, s:s, s:s}", "section", section, "event", event, "message", message),
            &entry, NULL);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't tell anybody that %s", message);
    memory_add_event(state->apply->memory, OWN_NAME, event, message);
}

static int on_time_is_up(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct apply_state *state = userdata;

    apply_resume(state->apply);
    return 0;
}

static bool is_of_this_boot(const struct apply_record *record)
{
    sd_id128_t boot;

    return sd_id128_get_boot(&boot) >= 0 && sd_id128_equal(boot, record->boot);
}

static void await_confirmation(struct apply_state *state)
{
    int r;

    state->timer = sd_event_source_disable_unref(state->timer);
    if (state->record.step != APPLY_UNCONFIRMED || !is_of_this_boot(&state->record))
        return;
    r = sd_event_add_time(state->apply->event, &state->timer, CLOCK_BOOTTIME,
            state->record.until_usec, 0, on_time_is_up, state);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't wait for a confirmation of %s", state->section->name);
}

/* Why it has to be gone back on; NULL: it hasn't. */
static const char *why_back(const struct apply_state *state)
{
    const struct apply_record *record = &state->record;
    uint64_t now;

    switch (record->step) {
    case APPLY_APPLYING:
        return "healthd ended in the middle of it";
    case APPLY_REVERTING:
        return *record->message ? record->message : "healthd ended in the middle of it";
    case APPLY_UNCONFIRMED:
        if (!is_of_this_boot(record))
            return "the device was restarted before it was confirmed";
        if (sd_event_now(state->apply->event, CLOCK_BOOTTIME, &now) >= 0 &&
                now < record->until_usec)
            return NULL;
        return "it was not confirmed in time";
    default:
        return NULL;
    }
}

static void tell_end(const struct apply_state *state, const char *message)
{
    const char *name = state->section->name;

    switch (state->record.step) {
    case APPLY_APPLIED:
        apply_tell(state, LOG_NOTICE, UNBOX_MESSAGE_CONFIG_APPLIED, "applied",
                "the product's %s configuration is applied", name);
        break;
    case APPLY_UNCONFIRMED:
        apply_tell(state, LOG_NOTICE, UNBOX_MESSAGE_CONFIG_APPLIED, "applied",
                "the product's %s configuration is applied until it is confirmed", name);
        break;
    case APPLY_FAILED:
        apply_tell(state, LOG_ERR, UNBOX_MESSAGE_CONFIG_REVERTED, "reverted",
                "the product's %s configuration is not applied, what was before is back: %s", name,
                state->record.message);
        break;
    default:
        unbox_log(LOG_WARNING, "the product's %s configuration is not applied: %s", name, message);
    }
}

/* The end of a change; what was never `touched` stays as it was. */
static void settle(struct apply_state *state, bool touched, const char *message)
{
    if (touched)
        tell_end(state, message);
    else
        unbox_log(LOG_WARNING, "the product's %s configuration is not applied: %s",
                state->section->name, message);
    drift_watch(state);
    await_confirmation(state);
}

/* Only when it is told how it has ended: what the ladder has to say comes after that. */
static void go_on(struct apply *apply)
{
    units_hold(apply->units, NULL);
    apply_resume(apply);
}

static void on_applied(struct change *change, const char *code, const char *message, void *userdata)
{
    struct apply *apply = userdata;
    struct apply_state *state = change_state(change);
    apply_fn done = STEAL(apply->done);
    char name[NAME_MAX + 1] = "";

    apply->change = NULL;
    settle(state, change_has_touched(change), message);
    if (state->section->unit)
        unit_short_name(state->section->unit, name, sizeof(name));
    done(code, message, *name ? name : NULL, apply->done_userdata);
    change_free(change);
    go_on(apply);
}

static void on_gone_back(
        struct change *change, const char *code, const char *message, void *userdata)
{
    struct apply *apply = userdata;

    apply->change = NULL;
    settle(change_state(change), true, message);
    change_free(change);
    go_on(apply);
}

bool apply_can_ask(const struct apply *apply)
{
    return units_are_known(apply->units) && systemd1_bus(units_systemd1(apply->units));
}

void apply_resume(struct apply *apply)
{
    struct apply_state *state = NULL;
    char reason[sizeof(state->record.message)];
    int r;

    if (apply->change || !apply_can_ask(apply))
        return;
    for (size_t i = 0; i < SECTION_COUNT && !state; i++)
        if (why_back(&apply->states[i]))
            state = &apply->states[i];
    if (!state)
        return;
    snprintf(reason, sizeof(reason), "%s", why_back(state));
    r = change_new(state, on_gone_back, apply, &apply->change);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't go back on %s", state->section->name);
    else
        change_revert(apply->change, reason);
}

static struct apply_state *find(struct apply *apply, const char *name)
{
    const struct section *section = section_find(name);

    return section ? &apply->states[section - sections] : NULL;
}

/* Why nothing can be applied now; NULL: it can. */
static const char *why_busy(const struct apply *apply, const struct apply_state *state)
{
    if (apply->change)
        return "a section is being applied";
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (why_back(&apply->states[i]))
            return "a section has to be gone back on first";
    return state->record.step == APPLY_UNCONFIRMED ? "the last one waits for confirm_config" : NULL;
}

void apply_section(struct apply *apply, const char *section, uint64_t confirm_usec, apply_fn done,
        void *userdata)
{
    struct apply_state *state = find(apply, section);
    const char *busy = state ? why_busy(apply, state) : NULL;
    int r;

    if (!state) {
        done(UNBOX_IPC_NOT_FOUND, "the sections are wifi, network, bluetooth and time", NULL,
                userdata);
        return;
    }
    if (busy) {
        done(UNBOX_IPC_BUSY, busy, NULL, userdata);
        return;
    }
    r = change_new(state, on_applied, apply, &apply->change);
    if (r < 0) {
        done(UNBOX_IPC_INTERNAL_ERROR, strerrordesc_np(-r), NULL, userdata);
        return;
    }
    apply->done = done;
    apply->done_userdata = userdata;
    change_apply(apply->change, confirm_usec);
}

void apply_confirm(struct apply *apply, const char *section, apply_fn done, void *userdata)
{
    struct apply_state *state = find(apply, section);
    struct apply_record confirmed;
    int r;

    if (!state || state->record.step != APPLY_UNCONFIRMED || why_back(state)) {
        done(UNBOX_IPC_NOT_FOUND, "nothing of that section waits to be confirmed", NULL, userdata);
        return;
    }
    confirmed = state->record;
    confirmed.step = APPLY_APPLIED;
    apply_record_own(&confirmed);
    r = apply_record_write(state->section->name, &confirmed);
    if (r < 0) {
        done(UNBOX_IPC_INTERNAL_ERROR, strerrordesc_np(-r), NULL, userdata);
        return;
    }
    state->record = confirmed;
    apply_file_forget(state->section->name);
    settle(state, true, NULL);
    done(NULL, NULL, NULL, userdata);
}

/* Its state, in one word. */
static const char *state_name(const struct apply_state *state)
{
    if (state->drifted && state->record.step != APPLY_UNCONFIRMED)
        return "drifted";
    return apply_step_name(state->record.step);
}

static json_t *state_to_json(const struct apply_state *state)
{
    const struct apply_record *record = &state->record;
    const char *digest = apply_record_digest(record);
    char when[TIMESTAMP_SIZE];

    timestamp_format(record->when_usec, when);
    return json_pack("{s:s, s:s, s:s?, s:s?}", "state", state_name(state), "when", when, "digest",
            *digest ? digest : NULL, "message", *record->message ? record->message : NULL);
}

json_t *apply_to_json(struct apply *apply)
{
    _cleanup_json_ json_t *object = json_object();

    for (size_t i = 0; object && i < SECTION_COUNT; i++) {
        struct apply_state *state = &apply->states[i];

        if (state->record.step == APPLY_NEVER)
            continue;
        drift_refresh(state);
        if (json_object_set_new(object, state->section->name, state_to_json(state)) < 0)
            return NULL;
    }
    return STEAL(object);
}

static void read_state(struct apply_state *state)
{
    int r = apply_record_read(state->section->name, &state->record);

    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "can't read what is known of the %s configuration",
                state->section->name);
    /* Left by one that ended right after its last step. */
    if (state->record.step == APPLY_APPLIED || state->record.step == APPLY_FAILED)
        apply_file_forget(state->section->name);
    drift_watch(state);
    await_confirmation(state);
}

int apply_configure(struct apply *apply, const struct apply_options *options)
{
    char *interface = strdup(options->interface);

    if (!interface)
        return -ENOMEM;
    free(apply->interface);
    apply->interface = interface;
    apply->settle_usec = options->settle_usec;
    return 0;
}

int apply_new(sd_event *event, struct units *units, struct memory *memory,
        const struct apply_options *options, struct apply **ret)
{
    _cleanup_(apply_free_p) struct apply *apply = calloc(1, sizeof(*apply));
    int r;

    if (!apply)
        return -ENOMEM;
    apply->event = sd_event_ref(event);
    apply->units = units;
    apply->memory = memory;
    r = apply_configure(apply, options);
    if (r < 0)
        return r;
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        apply->states[i].apply = apply;
        apply->states[i].section = &sections[i];
        read_state(&apply->states[i]);
    }
    *ret = STEAL(apply);
    return 0;
}

void apply_connected(struct apply *apply, sd_bus *bus)
{
    apply_disconnected(apply);
    apply->bus = sd_bus_ref(bus);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        drift_watch(&apply->states[i]);
}

void apply_disconnected(struct apply *apply)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        drift_unwatch_bus(&apply->states[i]);
    apply->bus = sd_bus_unref(apply->bus);
}

struct apply *apply_free(struct apply *apply)
{
    if (!apply)
        return NULL;
    if (apply->done)
        apply->done(UNBOX_IPC_INTERNAL_ERROR, "healthd has ended; it goes back at the next start",
                NULL, apply->done_userdata);
    change_free(apply->change);
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        sd_event_source_disable_unref(apply->states[i].timer);
        drift_done(&apply->states[i]);
    }
    sd_bus_unref(apply->bus);
    free(apply->interface);
    sd_event_unref(apply->event);
    free(apply);
    return NULL;
}
