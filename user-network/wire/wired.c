/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A fixed address goes this way: netplan checks the file off-tree; NetworkManager makes a
 * checkpoint; what netplan made of the file is activated as a profile that nobody stores; somebody
 * confirms; the files are written; the checkpoint goes; netplan and NetworkManager do from the
 * files what was tried. Whatever ends it before the files are written ends in undo(): by us, by the
 * next run of ours, by NetworkManager when there is none, or by a start, which finds DHCP.
 */

#include "wired.h"

#include <arpa/inet.h>
#include <string.h>

#include "nm-wire.h"
#include "unbox/log.h"
#include "wired-private.h"

/* NetworkManager's own time is ours and a little: when both go back at once it says more errors. */
#define GRACE_SEC 2
#define CHECKPOINT_USEC (10 * USEC_PER_SEC)

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata);

int wired_new(const struct wired_options *options, struct wired **ret)
{
    _cleanup_(wired_free_p) struct wired *wired = calloc(1, sizeof(*wired));
    int r;

    if (!wired)
        return -ENOMEM;
    wired->options = *options;
    wired->recover = true;
    r = sd_event_add_time(
            options->event, &wired->limit, CLOCK_BOOTTIME, UINT64_MAX, 0, on_limit, wired);
    if (r >= 0)
        r = netplan_new_for(options->event, options->paths, options->paths->wired_check_root,
                "70-user-wired.yaml", &wired->netplan);
    if (r >= 0)
        r = wired_files_new(options->paths, &wired->files);
    if (r >= 0)
        r = wired_apply_new(
                options->paths, options->interface, options->nm, wired->netplan, &wired->apply);
    if (r < 0)
        return r;
    *ret = STEAL(wired);
    return 0;
}

struct wired *wired_free(struct wired *wired)
{
    if (!wired)
        return NULL;
    sd_event_source_disable_unref(wired->limit);
    netplan_free(wired->netplan);
    wired_apply_free(wired->apply);
    wired_files_free(wired->files);
    netplan_profiles_free(wired->profiles);
    free(wired->text);
    free(wired);
    return NULL;
}

bool wired_running(const struct wired *wired)
{
    return wired->step != STEP_IDLE;
}

bool wired_is_fixed(const struct wired *wired)
{
    return wired_files_settings(wired->files) != NULL;
}

bool wired_generating(const struct wired *wired)
{
    return wired->step == STEP_APPLYING;
}

/* `limit_usec`: 0 for none. */
static void enter(struct wired *wired, enum step step, uint64_t limit_usec)
{
    int r;

    wired->step = step;
    (void)sd_event_source_set_enabled(wired->limit, SD_EVENT_OFF);
    if (limit_usec) {
        r = sd_event_source_set_time_relative(wired->limit, limit_usec);
        if (r >= 0)
            r = sd_event_source_set_enabled(wired->limit, SD_EVENT_ONESHOT);
        if (r < 0)
            unbox_log_errno(LOG_ERR, r, "a change of the wire goes on without a time limit");
    }
    wired->options.changed(wired->options.userdata);
}

static void finish(struct wired *wired)
{
    wired_files_unnote(wired->files);
    if (wired->outcome != OUTCOME_NONE) {
        wired->last = wired->outcome;
        wired_log_outcome(wired, wired->outcome);
    }
    wired->outcome = OUTCOME_NONE;
    free(wired->text);
    wired->text = NULL;
    wired->profiles = netplan_profiles_free(wired->profiles);
    wired->leaving = true;
    enter(wired, STEP_IDLE, 0);
}

static bool trial_is_up(const struct wired *wired)
{
    struct nm_wire_use use;

    nm_look_wire_use(wired->options.nm, &use);
    return strcmp(use.profile, NM_WIRE_UUID) == 0;
}

static void on_trial_deleted(int error, const char *message, void *userdata)
{
    struct wired *wired = userdata;

    wired->asked = false;
    if (error == -ENOTCONN || !nm_running(wired->options.nm))
        /* It comes back with the profile, maybe: wired_look() begins again. */
        return;
    if (error == -ENOENT && trial_is_up(wired))
        /* libnm, which has just found NetworkManager, doesn't know all of its profiles yet. */
        return;
    if (error < 0 && error != -ENOENT)
        unbox_log_errno(
                LOG_WARNING, error, "the profile of a trial stays (%s)", message ?: "no reason");
    /* A NetworkManager that was started anew had the trial up and nothing to go back to. */
    if (error == 0 && !wired->went_back)
        enter(wired, STEP_WAITING, 0);
    else
        finish(wired);
}

static void on_rolled_back(int error, const char *message, void *userdata)
{
    struct wired *wired = userdata;

    wired->went_back = error == 0;
    /* It may have gone back by itself already, or have been started anew. */
    if (error < 0 && error != -ENOENT && error != -ENOTCONN)
        unbox_log_errno(LOG_WARNING, error, "NetworkManager can't go back to the wire before (%s)",
                message ?: "no reason");
    nm_delete_profile(wired->options.nm, NM_WIRE_UUID, on_trial_deleted, wired);
}

static void go_back(struct wired *wired)
{
    if (wired->asked || !nm_running(wired->options.nm))
        return;
    wired->asked = true;
    nm_wire_checkpoint_rollback(wired->options.nm, on_rolled_back, wired);
}

static void undo(struct wired *wired, enum outcome outcome, const char *detail)
{
    if (detail)
        unbox_log(LOG_WARNING, "the new address of %s: %s", wired->options.interface, detail);
    wired->outcome = outcome;
    /* That of the files is wanted from here on. */
    wired->profiles = netplan_profiles_free(wired->profiles);
    enter(wired, STEP_UNDOING, 0);
    go_back(wired);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct wired *wired = userdata;

    if (wired->step == STEP_UNCONFIRMED)
        undo(wired, OUTCOME_UNCONFIRMED, NULL);
    else if (wired->step == STEP_TRYING)
        undo(wired, OUTCOME_DOWN, "it did not come up");
    else
        undo(wired, OUTCOME_REFUSED, "NetworkManager makes no checkpoint");
    return 0;
}

static void on_applied(int error, const char *message, void *userdata)
{
    struct wired *wired = userdata;

    if (error < 0 && !nm_running(wired->options.nm)) {
        enter(wired, STEP_WAITING, 0);
        return;
    }
    if (error < 0)
        /* The files stand: the next start does it, if the cable doesn't. */
        unbox_log_errno(LOG_WARNING, error, "the wire's profile can't be activated (%s)",
                message ?: "no reason");
    nm_delete_profile(wired->options.nm, NM_WIRE_UUID, NULL, NULL);
    finish(wired);
}

static void on_tried(int error, const char *message, void *userdata)
{
    struct wired *wired = userdata;

    if (wired->step == STEP_TRYING && error < 0)
        undo(wired, OUTCOME_REFUSED, message);
}

static void on_checkpoint(int error, const char *message, void *userdata)
{
    struct wired *wired = userdata;
    char address[INET_ADDRSTRLEN];
    int r;

    if (wired->step != STEP_CHECKPOINT) {
        nm_wire_checkpoint_destroy(wired->options.nm, NULL, NULL);
        return;
    }
    if (error < 0) {
        undo(wired, OUTCOME_REFUSED, message);
        return;
    }
    r = wired_files_note(wired->files, wired->text, nm_wire_checkpoint(wired->options.nm));
    if (r < 0) {
        undo(wired, OUTCOME_REFUSED, strerror(-r));
        return;
    }
    wired->seen = false;
    wired->deadline_usec = 0;
    (void)sd_event_now(wired->options.event, CLOCK_BOOTTIME, &wired->deadline_usec);
    wired->deadline_usec += wired->options.confirm_usec;
    unbox_log(LOG_INFO, "trying %s on %s", wired_print_wanted(wired, address),
            wired->options.interface);
    enter(wired, STEP_TRYING, wired->options.confirm_usec);
    nm_wire_try(wired->options.nm, wired->profiles->entries[0].keyfile,
            wired->profiles->entries[0].size, on_tried, wired);
}

static void on_checked(
        int error, const char *message, struct netplan_profiles *profiles, void *userdata)
{
    struct wired *wired = userdata;

    wired->profiles = profiles;
    if (error < 0) {
        unbox_log_errno(LOG_WARNING, error, "netplan refuses the wire's new address (%s)",
                message ?: "no reason");
        wired->outcome = OUTCOME_REFUSED;
        finish(wired);
        return;
    }
    enter(wired, STEP_CHECKPOINT, CHECKPOINT_USEC);
    nm_wire_checkpoint_create(wired->options.nm,
            wired->options.confirm_usec / USEC_PER_SEC + GRACE_SEC, on_checkpoint, wired);
}

/* What an earlier run of ours left, as soon as NetworkManager can be asked. */
static void recover(struct wired *wired)
{
    _cleanup_free_ char *text = NULL, *checkpoint = NULL;

    wired->recover = false;
    if (wired_files_noted(wired->files, &text, &checkpoint) > 0) {
        (void)nm_wire_checkpoint_adopt(wired->options.nm, checkpoint);
        if (strcmp(text, wired_files_text(wired->files)) != 0) {
            undo(wired, OUTCOME_INTERRUPTED, NULL);
            return;
        }
        /* Proved already: only the rest is missing. */
        wired->outcome = *text ? OUTCOME_CONFIRMED : OUTCOME_DHCP;
        nm_wire_checkpoint_destroy(wired->options.nm, NULL, NULL);
        enter(wired, STEP_WAITING, 0);
    } else if (wired_files_mended(wired->files)) {
        enter(wired, STEP_WAITING, 0);
    }
}

static int set_static(struct wired *wired, const struct wired_settings *settings)
{
    struct nm_wire wire;
    char *text;
    size_t size;
    int r;

    nm_look_wire(wired->options.nm, &wire);
    if (!wire.carrier)
        return -ENOTCONN;
    r = wired_yaml_write(settings, wired->options.interface, &text, &size);
    if (r < 0)
        return r;
    r = netplan_check(wired->netplan, text, size, on_checked, wired);
    if (r < 0) {
        free(text);
        return r;
    }
    wired->text = text;
    wired->wanted = *settings;
    enter(wired, STEP_CHECKING, 0);
    return 0;
}

static int set_dhcp(struct wired *wired)
{
    char *text = strdup("");
    int r;

    if (!text)
        return -ENOMEM;
    /* Noted first: without the files nothing would say that the wire has yet to follow them. */
    r = wired_files_note(wired->files, "", "");
    if (r >= 0)
        r = wired_files_save(wired->files, "");
    if (r < 0) {
        wired_files_unnote(wired->files);
        free(text);
        return r;
    }
    wired->text = text;
    wired->outcome = OUTCOME_DHCP;
    enter(wired, STEP_WAITING, 0);
    return 0;
}

int wired_set(struct wired *wired, const struct wired_settings *settings)
{
    if (!nm_running(wired->options.nm))
        return wired_running(wired) ? -EBUSY : -ENOTCONN;
    if (wired->recover)
        recover(wired);
    if (wired_running(wired))
        return -EBUSY;
    return settings ? set_static(wired, settings) : set_dhcp(wired);
}

/* A socket that takes both families tells an IPv4 address as ::ffff:192.0.2.7. */
static bool is_wanted(const struct wired *wired, const char *address)
{
    static const char mapped[] = "::ffff:";
    struct in_addr parsed;

    if (strncasecmp(address, mapped, strlen(mapped)) == 0)
        address += strlen(mapped);
    return inet_pton(AF_INET, address, &parsed) == 1 &&
           parsed.s_addr == wired->wanted.address.s_addr;
}

int wired_confirm(struct wired *wired, const char *address)
{
    int r;

    if (wired->step == STEP_TRYING)
        return -EAGAIN;
    if (wired->step != STEP_UNCONFIRMED)
        return -ENOENT;
    if (address && !is_wanted(wired, address))
        return -EADDRNOTAVAIL;
    r = wired_files_save(wired->files, wired->text);
    if (r < 0)
        return r;
    wired->outcome = OUTCOME_CONFIRMED;
    nm_wire_checkpoint_destroy(wired->options.nm, NULL, NULL);
    enter(wired, STEP_WAITING, 0);
    return 0;
}

static void look_at_trial(struct wired *wired)
{
    struct nm_wire_use use;
    struct nm_wire wire;

    nm_look_wire_use(wired->options.nm, &use);
    nm_look_wire(wired->options.nm, &wire);
    if (strcmp(use.profile, NM_WIRE_UUID) != 0) {
        if (wired->seen)
            undo(wired, OUTCOME_DOWN, "the connection ended");
        return;
    }
    wired->seen = true;
    if (wired->step == STEP_TRYING && use.up && is_wanted(wired, wire.address)) {
        uint64_t now_usec = 0;

        (void)sd_event_now(wired->options.event, CLOCK_BOOTTIME, &now_usec);
        enter(wired, STEP_UNCONFIRMED,
                wired->deadline_usec > now_usec ? wired->deadline_usec - now_usec : 1);
    }
}

/* A NetworkManager that is started anew takes up again what it had left on the wire, also what we
 * believed to be gone with it. */
static void look_at_leftover(struct wired *wired)
{
    bool up = trial_is_up(wired);

    wired->leaving = wired->leaving && up;
    if (wired->step == STEP_IDLE && up && !wired->leaving)
        undo(wired, OUTCOME_INTERRUPTED, "it is back, and nobody has confirmed it");
}

void wired_look(struct wired *wired, bool others_busy)
{
    bool running = nm_running(wired->options.nm);

    if (!running && (wired->step == STEP_CHECKPOINT || wired->step == STEP_TRYING ||
                            wired->step == STEP_UNCONFIRMED)) {
        /* Its checkpoints are gone, and the next one's have the same names. */
        nm_wire_checkpoint_forget(wired->options.nm);
        undo(wired, OUTCOME_INTERRUPTED, "NetworkManager went away");
        return;
    }
    if (wired->step == STEP_TRYING || wired->step == STEP_UNCONFIRMED)
        look_at_trial(wired);
    if (!running) {
        wired->leaving = false;
        return;
    }
    if (wired->recover)
        recover(wired);
    look_at_leftover(wired);
    if (wired->step == STEP_UNDOING)
        go_back(wired);
    if (wired->step == STEP_WAITING && !others_busy) {
        enter(wired, STEP_APPLYING, 0);
        wired_apply_start(wired->apply, wired_files_text(wired->files), STEAL(wired->profiles),
                on_applied, wired);
    }
}
