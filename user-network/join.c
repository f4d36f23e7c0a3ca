/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The steps of a join, in their order, each with a time limit and a journal entry. Going forward is
 * here; going back is in one place too, undo().
 */

#include "join.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "join-record.h"
#include "unbox/log.h"
#include "unbox/messages.h"

/* Longer than all steps together, so that it fires only when nobody is left to do it. */
#define CHECKPOINT_SEC 180

/* When NetworkManager hasn't taken up the new profile by itself after the radio came on again. */
#define AUTOCONNECT_USEC (12 * USEC_PER_SEC)

enum join_step {
    JOIN_IDLE,
    JOIN_CHECKING,
    JOIN_CHECKPOINT,
    JOIN_ASSOCIATING,
    JOIN_ADDRESS,
    JOIN_INSTALLING,
    JOIN_RADIO_OFF,
    JOIN_RADIO_ON,
    JOIN_PROVING,
    JOIN_COMMITTED,
    JOIN_UNDOING,
};

static const struct {
    const char *name;
    const char *text;
    uint64_t limit_usec;
    bool told; /* in the journal: what has to be undone if it fails, and what proves it */
} steps[] = {
        [JOIN_IDLE] = {"idle", "", 0},
        [JOIN_CHECKING] = {"checking", "checking the settings", 40 * USEC_PER_SEC},
        [JOIN_CHECKPOINT] = {"checkpoint", "remembering the present set-up", 10 * USEC_PER_SEC,
                true},
        [JOIN_ASSOCIATING] = {"associating", "associating", 35 * USEC_PER_SEC, true},
        [JOIN_ADDRESS] = {"address", "waiting for an address", 25 * USEC_PER_SEC, true},
        [JOIN_INSTALLING] = {"installing", "saving the network", 40 * USEC_PER_SEC, true},
        [JOIN_RADIO_OFF] = {"radio", "switching the radio off and on", 10 * USEC_PER_SEC, true},
        [JOIN_RADIO_ON] = {"radio", "switching the radio off and on", 10 * USEC_PER_SEC, true},
        [JOIN_PROVING] = {"proving", "proving that the saved network works", 45 * USEC_PER_SEC,
                true},
        [JOIN_COMMITTED] = {"committed", "done", 10 * USEC_PER_SEC, true},
        [JOIN_UNDOING] = {"undoing", "going back to the set-up before", 30 * USEC_PER_SEC},
};

struct join {
    struct join_options options;
    enum join_step step;
    struct wifi_network network;
    struct scan_entry seen;
    bool was_seen;
    bool installed;
    bool helped;     /* we have activated the saved profile ourselves */
    unsigned reason; /* of the last failed activation; 0: none */
    uint64_t started_usec;
    sd_event_source *limit;
    sd_event_source *help;
    enum verdict_code code; /* while going back */
    char *detail;
};

static void undo(struct join *join, enum verdict_code code, const char *detail);

int join_new(const struct join_options *options, struct join **ret)
{
    struct join *join = calloc(1, sizeof(*join));

    if (!join)
        return -ENOMEM;
    join->options = *options;
    *ret = join;
    return 0;
}

struct join *join_free(struct join *join)
{
    if (!join)
        return NULL;
    sd_event_source_disable_unref(join->limit);
    sd_event_source_disable_unref(join->help);
    explicit_bzero(join->network.psk, sizeof(join->network.psk));
    free(join->detail);
    free(join);
    return NULL;
}

bool join_running(const struct join *join)
{
    return join->step != JOIN_IDLE;
}

json_t *join_to_json(const struct join *join)
{
    char name[SSID_DISPLAY_MAX], hex[SSID_HEX_MAX], date[64];
    time_t started = join->started_usec / USEC_PER_SEC;
    struct tm tm;

    if (!join_running(join))
        return NULL;
    ssid_to_hex(&join->network.ssid, hex);
    gmtime_r(&started, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_pack("{s:s,s:s,s:s,s:s}", "ssid", ssid_display(&join->network.ssid, name),
            "ssid_hex", hex, "step", steps[join->step].name, "started", date);
}

int join_summary(const struct join *join, char **ret)
{
    char name[SSID_DISPLAY_MAX];
    char *text;

    if (asprintf(&text, "joining %s: %s", ssid_display(&join->network.ssid, name),
                steps[join->step].text) < 0)
        return -ENOMEM;
    *ret = text;
    return 0;
}

/* What a step that took too long says about the network. */
static enum verdict_code code_of_timeout(const struct join *join)
{
    if (join->reason)
        return verdict_from_reason(join->reason, join->was_seen ? &join->seen : NULL);
    if (join->step == JOIN_ASSOCIATING)
        return join->was_seen ? VERDICT_NO_ANSWER : VERDICT_NOT_FOUND;
    return join->step == JOIN_ADDRESS ? VERDICT_NO_ADDRESS : VERDICT_FAILED;
}

static void finish(struct join *join, enum verdict_code code)
{
    struct ssid ssid = join->network.ssid;
    _cleanup_free_ char *detail = STEAL(join->detail);

    join->limit = sd_event_source_disable_unref(join->limit);
    join->help = sd_event_source_disable_unref(join->help);
    join->step = JOIN_IDLE;
    explicit_bzero(join->network.psk, sizeof(join->network.psk));
    join_record_remove(join->options.paths);
    join->options.done(code, &ssid, detail, join->options.userdata);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct join *join = userdata;
    _cleanup_free_ char *detail = NULL;

    if (join->step == JOIN_UNDOING) {
        finish(join, join->code);
        return 0;
    }
    if (asprintf(&detail, "it took too long: %s", steps[join->step].text) < 0)
        detail = NULL;
    undo(join, code_of_timeout(join), detail);
    return 0;
}

static void enter(struct join *join, enum join_step step)
{
    char name[SSID_DISPLAY_MAX];
    bool news = steps[step].told && strcmp(steps[join->step].name, steps[step].name) != 0;
    int r;

    join->step = step;
    join->limit = sd_event_source_disable_unref(join->limit);
    r = sd_event_add_time_relative(join->options.event, &join->limit, CLOCK_BOOTTIME,
            steps[step].limit_usec, 0, on_limit, join);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "a join goes on without a time limit");
    if (!news)
        return;
    ssid_display(&join->network.ssid, name);
    unbox_log_event(LOG_INFO, UNBOX_MESSAGE_JOIN_STEP,
            UNBOX_FIELDS("UNBOX_STEP", steps[step].name, "UNBOX_SSID", name), "joining %s: %s",
            name, steps[step].text);
}

static void on_undo_applied(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (error < 0)
        unbox_log_errno(LOG_WARNING, error, "NetworkManager's profiles are not as before (%s)",
                message ?: "no reason");
    finish(join, join->code);
}

static void on_trial_deleted(int error, const char *message, void *userdata)
{
    struct join *join = userdata;
    int r;

    if (join->step != JOIN_UNDOING)
        return;
    r = join->installed ? saved_apply(join->options.saved, on_undo_applied, join) : -ENOENT;
    if (r < 0)
        finish(join, join->code);
}

static void on_rolled_back(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_UNDOING)
        return;
    if (error < 0 && error != -ENOENT)
        unbox_log_errno(LOG_WARNING, error,
                "NetworkManager can't go back to the set-up before (%s)", message ?: "no reason");
    nm_delete_profile(join->options.nm, NM_JOIN_UUID, on_trial_deleted, join);
}

static void on_switched_back(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step == JOIN_UNDOING)
        nm_checkpoint_rollback(join->options.nm, on_rolled_back, join);
}

/* Goes back: the files first, since they are what counts after a power cut, then the radio. */
static void undo(struct join *join, enum verdict_code code, const char *detail)
{
    int r;

    if (join->step == JOIN_UNDOING)
        return;
    join->code = code;
    free(join->detail);
    join->detail = detail ? strdup(detail) : NULL;
    join->help = sd_event_source_disable_unref(join->help);
    if (join->installed) {
        r = saved_put_back(join->options.saved);
        if (r < 0)
            unbox_log_errno(LOG_ERR, r, "the network before can't be put back");
    }
    enter(join, JOIN_UNDOING);
    /* A checkpoint doesn't remember the switch, and can't connect a radio that is off. */
    nm_switch_radio(join->options.nm, true, on_switched_back, join);
}

static void on_checkpoint_destroyed(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_COMMITTED)
        return;
    if (error < 0)
        unbox_log_errno(LOG_WARNING, error, "the checkpoint of a finished join stays (%s)",
                message ?: "no reason");
    finish(join, VERDICT_JOINED);
}

static int on_help(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct join *join = userdata;
    struct nm_radio radio;

    nm_look_radio(join->options.nm, &radio);
    if (join->step == JOIN_PROVING && radio.state == NM_RADIO_IDLE)
        nm_activate_file(join->options.nm, saved_profile_file(join->options.saved), NULL, NULL);
    return 0;
}

static void prove(struct join *join)
{
    enter(join, JOIN_PROVING);
    sd_event_source_disable_unref(join->help);
    join->help = NULL;
    (void)sd_event_add_time_relative(
            join->options.event, &join->help, CLOCK_BOOTTIME, AUTOCONNECT_USEC, 0, on_help, join);
}

static void on_applied(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_INSTALLING)
        return;
    if (error < 0) {
        undo(join, VERDICT_FAILED, message);
        return;
    }
    enter(join, JOIN_RADIO_OFF);
    nm_switch_radio(join->options.nm, false, NULL, NULL);
}

static void install(struct join *join)
{
    int r;

    enter(join, JOIN_INSTALLING);
    r = saved_install(join->options.saved);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "the network can't be saved");
        undo(join, VERDICT_FAILED, strerror(-r));
        return;
    }
    join->installed = true;
    r = saved_apply(join->options.saved, on_applied, join);
    if (r < 0)
        undo(join, VERDICT_FAILED, "netplan can't be run");
}

static void on_tried(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step == JOIN_ASSOCIATING && error < 0)
        undo(join, error == -EINVAL ? VERDICT_UNSUPPORTED : VERDICT_FAILED, message);
}

static void on_checkpoint(int error, const char *message, void *userdata)
{
    struct join *join = userdata;
    const struct netplan_profile *profile = saved_keyfile(join->options.saved);
    int r;

    if (join->step != JOIN_CHECKPOINT)
        return;
    if (error < 0) {
        undo(join, VERDICT_FAILED, message);
        return;
    }
    r = join_record_write(
            join->options.paths, &join->network.ssid, nm_checkpoint(join->options.nm));
    if (r < 0) {
        undo(join, VERDICT_FAILED, strerror(-r));
        return;
    }
    enter(join, JOIN_ASSOCIATING);
    nm_try_keyfile(
            join->options.nm, profile->keyfile, profile->size, &join->network.ssid, on_tried, join);
}

static void on_checked(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_CHECKING)
        return;
    if (error < 0) {
        join->detail = message ? strdup(message) : NULL;
        finish(join, error == -EINVAL ? VERDICT_UNSUPPORTED : VERDICT_FAILED);
        return;
    }
    enter(join, JOIN_CHECKPOINT);
    nm_checkpoint_create(join->options.nm, CHECKPOINT_SEC, on_checkpoint, join);
}

int join_start(struct join *join, const struct wifi_network *network, const struct scan_entry *seen)
{
    struct timespec now;
    int r;

    if (join_running(join) || saved_busy(join->options.saved))
        return -EBUSY;
    r = saved_check(join->options.saved, network, on_checked, join);
    if (r < 0)
        return r;
    clock_gettime(CLOCK_REALTIME, &now);
    join->started_usec = now.tv_sec * USEC_PER_SEC;
    join->network = *network;
    join->was_seen = seen != NULL;
    if (seen)
        join->seen = *seen;
    join->installed = false;
    join->reason = 0;
    enter(join, JOIN_CHECKING);
    return 0;
}

static void look_at_trial(struct join *join, const struct nm_radio *radio)
{
    if (strcmp(radio->profile, NM_JOIN_UUID) != 0)
        return;
    if (join->step == JOIN_ASSOCIATING && radio->state >= NM_RADIO_ADDRESSING)
        enter(join, JOIN_ADDRESS);
    if (join->step == JOIN_ADDRESS && radio->state == NM_RADIO_UP && radio->address[0])
        install(join);
}

static void look_at_switch(struct join *join, const struct nm_radio *radio)
{
    if (join->step == JOIN_RADIO_OFF && !radio->enabled && radio->state <= NM_RADIO_UNAVAILABLE) {
        /* Without a radio the trial has ended, and being volatile is gone; this is for sure. */
        nm_delete_profile(join->options.nm, NM_JOIN_UUID, NULL, NULL);
        enter(join, JOIN_RADIO_ON);
        nm_switch_radio(join->options.nm, true, NULL, NULL);
    } else if (join->step == JOIN_RADIO_ON && radio->enabled && radio->state >= NM_RADIO_IDLE) {
        prove(join);
    }
}

static void look_at_saved(struct join *join, const struct nm_radio *radio)
{
    const char *file = saved_profile_file(join->options.saved);

    if (radio->state != NM_RADIO_UP || !radio->address[0] || !radio->profile_file || !file ||
            strcmp(radio->profile_file, file) != 0)
        return;
    enter(join, JOIN_COMMITTED);
    nm_checkpoint_destroy(join->options.nm, on_checkpoint_destroyed, join);
}

void join_look(struct join *join)
{
    struct nm_radio radio;

    if (!join_running(join))
        return;
    if (!nm_running(join->options.nm) && join->step != JOIN_UNDOING) {
        undo(join, VERDICT_INTERRUPTED, "NetworkManager went away");
        return;
    }
    nm_look_radio(join->options.nm, &radio);
    if (join->step == JOIN_ASSOCIATING || join->step == JOIN_ADDRESS)
        look_at_trial(join, &radio);
    if (join->step == JOIN_RADIO_OFF || join->step == JOIN_RADIO_ON)
        look_at_switch(join, &radio);
    if (join->step == JOIN_PROVING)
        look_at_saved(join, &radio);
}

void join_activation_failed(struct join *join, unsigned reason)
{
    _cleanup_free_ char *detail = NULL;

    join->reason = reason;
    /* The saved profile was proved a moment ago as another: there NetworkManager tries again. */
    if (join->step != JOIN_ASSOCIATING && join->step != JOIN_ADDRESS)
        return;
    if (asprintf(&detail, "NetworkManager's reason %u", reason) < 0)
        detail = NULL;
    undo(join, verdict_from_reason(reason, join->was_seen ? &join->seen : NULL), detail);
}

int join_recover(struct join *join, struct ssid *ret)
{
    _cleanup_free_ char *checkpoint = NULL;
    int r;

    r = join_record_read(join->options.paths, ret, &checkpoint);
    if (r <= 0)
        return 0;
    if (checkpoint)
        (void)nm_checkpoint_adopt(join->options.nm, checkpoint);
    return 1;
}

struct clean_up {
    struct join *join;
    nm_done done;
    void *userdata;
};

static void on_trial_cleaned_up(int error, const char *message, void *userdata)
{
    _cleanup_free_ struct clean_up *clean_up = userdata;

    join_record_remove(clean_up->join->options.paths);
    clean_up->done(0, NULL, clean_up->userdata);
}

static void on_checkpoint_cleaned_up(int error, const char *message, void *userdata)
{
    struct clean_up *clean_up = userdata;

    nm_delete_profile(clean_up->join->options.nm, NM_JOIN_UUID, on_trial_cleaned_up, clean_up);
}

void join_clean_up(struct join *join, bool proved, nm_done done, void *userdata)
{
    struct clean_up *clean_up = malloc(sizeof(*clean_up));

    if (!clean_up) {
        done(0, NULL, userdata);
        return;
    }
    *clean_up = (struct clean_up){.join = join, .done = done, .userdata = userdata};
    /* After a reboot there is no checkpoint, and neither call finds one: that is fine. */
    if (proved)
        nm_checkpoint_destroy(join->options.nm, on_checkpoint_cleaned_up, clean_up);
    else
        nm_checkpoint_rollback(join->options.nm, on_checkpoint_cleaned_up, clean_up);
}
