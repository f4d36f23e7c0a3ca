/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The steps of a join, in their order, each with a time limit and a journal entry. Going forward is
 * here; going back is in join-undo.c.
 */

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "join-private.h"
#include "join-record.h"
#include "unbox/log.h"
#include "unbox/messages.h"

/* Longer than all steps together, so that it fires only when nobody is left to do it. */
#define CHECKPOINT_SEC 240

/* When NetworkManager hasn't taken up the new profile by itself after the radio came on again. */
#define AUTOCONNECT_USEC (12 * USEC_PER_SEC)

/* A router that was seen longer ago than this may have been switched off since. */
#define RECENT_USEC (300 * USEC_PER_SEC)

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
    gateway_free(join->gateway);
    wifi_network_erase(&join->network);
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
    char name[SSID_DISPLAY_MAX], hex[SSID_HEX_MAX], date[VERDICT_DATE_MAX];

    if (!join_running(join))
        return NULL;
    ssid_to_hex(&join->network.ssid, hex);
    return json_pack("{s:s,s:s,s:s,s:s}", "ssid", ssid_display(&join->network.ssid, name),
            "ssid_hex", hex, "step", join_step_facts(join->step)->name, "started",
            verdict_date(join->started_usec, date));
}

int join_summary(const struct join *join, char **ret)
{
    char name[SSID_DISPLAY_MAX];
    char *text;

    if (asprintf(&text, "joining %s: %s", ssid_display(&join->network.ssid, name),
                join_step_facts(join->step)->text) < 0)
        return -ENOMEM;
    *ret = text;
    return 0;
}

static struct verdict_facts facts_of(const struct join *join)
{
    uint64_t now_usec = 0;

    (void)sd_event_now(join->options.event, CLOCK_BOOTTIME, &now_usec);
    return (struct verdict_facts){
            /* The scans of the attempt itself are among them. */
            .seen = scan_list_seen(join->options.air, &join->network.ssid, now_usec, RECENT_USEC),
            .enterprise = wifi_is_enterprise(&join->network),
            .country_known = *join->options.country,
    };
}

/* What a step that took too long says about the network. */
static enum verdict_code code_of_timeout(const struct join *join)
{
    struct verdict_facts facts = facts_of(join);
    unsigned reason = join->reason;

    if (!reason && join->step == JOIN_ASSOCIATING)
        reason = join->early;
    if (reason)
        return verdict_from_reason(reason, &facts);
    switch (join->step) {
    case JOIN_ASSOCIATING:
        return verdict_from_refusal(&facts);
    case JOIN_PROVING:
        return verdict_from_silence(&facts);
    case JOIN_ADDRESS:
        return VERDICT_NO_ADDRESS;
    case JOIN_GATEWAY:
        return VERDICT_NO_GATEWAY;
    default:
        return VERDICT_FAILED;
    }
}

/* What it says that NetworkManager can't do what it was asked for. */
static enum verdict_code code_of_error(const struct join *join, int error)
{
    if (error == -ENOTCONN || !nm_running(join->options.nm))
        return VERDICT_INTERRUPTED;
    return error == -EINVAL ? VERDICT_UNSUPPORTED : VERDICT_FAILED;
}

void join_finish(struct join *join, enum verdict_code code)
{
    struct ssid ssid = join->network.ssid;
    _cleanup_free_ char *detail = STEAL(join->detail);

    join->limit = sd_event_source_disable_unref(join->limit);
    join->help = sd_event_source_disable_unref(join->help);
    join->step = JOIN_IDLE;
    wifi_network_erase(&join->network);
    nm_abandon(join->options.nm, join);
    saved_tidy(join->options.saved);
    /* The note goes last: without it a power cut would leave an older verdict. */
    join->options.done(code, &ssid, detail, join->options.userdata);
    join_record_remove(join->options.paths);
}

static int on_limit(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct join *join = userdata;
    _cleanup_free_ char *detail = NULL;

    if (join->step == JOIN_UNDOING) {
        /* NetworkManager finds it among what it was asked for, when it listens again. */
        nm_checkpoint_rollback(join->options.nm, NULL, NULL);
        join_finish(join, join->code);
        return 0;
    }
    if (join->step == JOIN_COMMITTED) {
        /* Proved, and saved: of the checkpoint's end only the news is missing. */
        join_finish(join, VERDICT_JOINED);
        return 0;
    }
    if ((join->gateway ? asprintf(&detail, "the gateway %s does not answer",
                                 gateway_address(join->gateway))
                       : asprintf(&detail, "it took too long: %s",
                                 join_step_facts(join->step)->text)) < 0)
        detail = NULL;
    join_undo(join, code_of_timeout(join), detail);
    return 0;
}

void join_enter(struct join *join, enum join_step step)
{
    char name[SSID_DISPLAY_MAX];
    const struct join_step_facts *facts = join_step_facts(step);
    bool news = facts->told && strcmp(join_step_facts(join->step)->name, facts->name) != 0;
    int r;

    join->step = step;
    join->gateway = gateway_free(join->gateway);
    join->limit = sd_event_source_disable_unref(join->limit);
    r = sd_event_add_time_relative(join->options.event, &join->limit, CLOCK_BOOTTIME,
            facts->limit_usec, 0, on_limit, join);
    if (r < 0)
        unbox_log_errno(LOG_ERR, r, "a join goes on without a time limit");
    if (join->options.stepped)
        join->options.stepped(join->options.userdata);
    if (!news)
        return;
    ssid_display(&join->network.ssid, name);
    unbox_log_event(LOG_INFO, UNBOX_MESSAGE_JOIN_STEP,
            UNBOX_FIELDS("UNBOX_STEP", facts->name, "UNBOX_SSID", name), "joining %s: %s", name,
            facts->text);
}

static void on_checkpoint_destroyed(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_COMMITTED)
        return;
    if (error < 0)
        unbox_log_errno(LOG_WARNING, error, "the checkpoint of a finished join stays (%s)",
                message ?: "no reason");
    join_finish(join, VERDICT_JOINED);
}

static bool on_saved(const struct join *join, const struct nm_radio *radio)
{
    const char *file = saved_profile_file(join->options.saved, &join->network.ssid);

    return radio->state >= NM_RADIO_ASSOCIATING && radio->profile_file && file &&
           strcmp(radio->profile_file, file) == 0;
}

static void help(struct join *join)
{
    const char *file = saved_profile_file(join->options.saved, &join->network.ssid);

    if (join->helped || !file)
        return;
    join->helped = true;
    nm_activate_file(join->options.nm, file, NULL, NULL);
}

static int on_help(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct join *join = userdata;
    struct nm_radio radio;

    nm_look_radio(join->options.nm, &radio);
    if (join->step == JOIN_PROVING && !on_saved(join, &radio))
        help(join);
    return 0;
}

static void prove(struct join *join)
{
    join_enter(join, JOIN_PROVING);
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
        join_undo(join, code_of_error(join, error), message);
        return;
    }
    join_enter(join, JOIN_RADIO_OFF);
    nm_switch_radio(join->options.nm, false, NULL, NULL);
}

static void install(struct join *join)
{
    int r;

    join_enter(join, JOIN_INSTALLING);
    r = saved_install(join->options.saved);
    if (r < 0) {
        unbox_log_errno(LOG_ERR, r, "the network can't be saved");
        join_undo(join, VERDICT_NOT_SAVED, strerror(-r));
        return;
    }
    join->installed = true;
    r = saved_apply(join->options.saved, on_applied, join);
    if (r < 0)
        join_undo(join, VERDICT_FAILED, "netplan can't be run");
}

static void on_tried(int error, const char *message, void *userdata)
{
    struct join *join = userdata;

    if (join->step != JOIN_ASSOCIATING)
        return;
    join->begun = true;
    /* So short was its life that libnm has nothing to show; or NetworkManager went, as will be
     * seen. */
    if (error == -ESTALE && !join->early)
        return;
    if (error < 0 && join->early)
        join_activation_failed(join, join->early);
    else if (error < 0)
        join_undo(join, code_of_error(join, error), message);
}

static int record(const struct join *join)
{
    g_autofree char *digest = saved_checked_digest(join->options.saved);
    struct join_record record = {.ssid = join->network.ssid};

    /* What is saved as it is already proves nothing when it is found saved. */
    if (!saved_is(join->options.saved, digest))
        snprintf(record.digest, sizeof(record.digest), "%s", digest);
    snprintf(record.checkpoint, sizeof(record.checkpoint), "%s",
            nm_checkpoint(join->options.nm) ?: "");
    return join_record_write(join->options.paths, &record);
}

static void on_checkpoint(int error, const char *message, void *userdata)
{
    struct join *join = userdata;
    const struct netplan_profile *profile = saved_keyfile(join->options.saved, &join->network.ssid);
    int r;

    if (join->step != JOIN_CHECKPOINT) {
        nm_checkpoint_destroy(join->options.nm, NULL, NULL);
        return;
    }
    if (error < 0) {
        join_undo(join, code_of_error(join, error), message);
        return;
    }
    r = record(join);
    if (r < 0) {
        join_undo(join, VERDICT_NOT_SAVED, strerror(-r));
        return;
    }
    join_enter(join, JOIN_ASSOCIATING);
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
        join_finish(join, error == -EINVAL ? VERDICT_UNSUPPORTED : VERDICT_FAILED);
        return;
    }
    join_enter(join, JOIN_CHECKPOINT);
    nm_checkpoint_create(join->options.nm, CHECKPOINT_SEC, on_checkpoint, join);
}

int join_start(struct join *join, const struct wifi_network *network)
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
    join->installed = join->begun = join->helped = false;
    join->reason = join->early = 0;
    /* So that whoever asked for it is told, should we die. If it fails, it does so again later. */
    (void)record(join);
    join_enter(join, JOIN_CHECKING);
    return 0;
}

/* Not to be able to ask is our trouble, and no reason to keep the customer out. */
static void on_gateway(int error, void *userdata)
{
    struct join *join = userdata;

    if (error < 0)
        unbox_log_errno(LOG_WARNING, error, "whether the gateway answers isn't known");
    install(join);
}

static void ask_gateway(struct join *join, const char *address)
{
    int r;

    if (!*address || (join->gateway && strcmp(gateway_address(join->gateway), address) == 0))
        return;
    join->gateway = gateway_free(join->gateway);
    r = gateway_ask(join->options.event, nm_radio_name(join->options.nm), address, on_gateway, join,
            &join->gateway);
    if (r < 0)
        on_gateway(r, join);
}

static void look_at_trial(struct join *join, const struct nm_radio *radio)
{
    if (!radio->enabled || radio->blocked) {
        join_undo(join, VERDICT_RADIO_OFF, NULL);
        return;
    }
    if (strcmp(radio->profile, NM_JOIN_UUID) != 0)
        return;
    join->begun = true;
    if (join->step == JOIN_ASSOCIATING && radio->state >= NM_RADIO_ADDRESSING)
        join_enter(join, JOIN_ADDRESS);
    if (join->step == JOIN_ASSOCIATING || radio->state != NM_RADIO_UP || !radio->address[0])
        return;
    if (wifi_address_ends_here(&join->network.address)) {
        install(join);
        return;
    }
    if (join->step == JOIN_ADDRESS)
        join_enter(join, JOIN_GATEWAY);
    ask_gateway(join, radio->gateway);
}

static void look_at_switch(struct join *join, const struct nm_radio *radio)
{
    if (join->step == JOIN_RADIO_OFF && !radio->enabled && radio->state <= NM_RADIO_UNAVAILABLE) {
        /* Without a radio the trial has ended, and being volatile is gone; this is for sure. */
        nm_delete_profile(join->options.nm, NM_JOIN_UUID, NULL, NULL);
        join_enter(join, JOIN_RADIO_ON);
        nm_switch_radio(join->options.nm, true, NULL, NULL);
    } else if (join->step == JOIN_RADIO_ON && radio->enabled && radio->state >= NM_RADIO_IDLE) {
        prove(join);
    }
}

static void look_at_saved(struct join *join, const struct nm_radio *radio)
{
    if (radio->state != NM_RADIO_UP || !radio->address[0])
        return;
    if (!on_saved(join, radio)) {
        /* Another saved one came first, perhaps of a higher priority: this one is wanted now. */
        help(join);
        return;
    }
    join_enter(join, JOIN_COMMITTED);
    nm_checkpoint_destroy(join->options.nm, on_checkpoint_destroyed, join);
}

static bool is_tried(const struct join *join)
{
    return join->step == JOIN_ASSOCIATING || join->step == JOIN_ADDRESS ||
           join->step == JOIN_GATEWAY;
}

void join_look(struct join *join)
{
    struct nm_radio radio;

    if (!join_running(join))
        return;
    if (!nm_running(join->options.nm) && join->step != JOIN_UNDOING) {
        /* What is proved and saved stays: the checkpoint went with NetworkManager. */
        if (join->step == JOIN_COMMITTED)
            join_finish(join, VERDICT_JOINED);
        else
            join_undo(join, VERDICT_INTERRUPTED, "NetworkManager went away");
        return;
    }
    nm_look_radio(join->options.nm, &radio);
    if (radio.state == NM_RADIO_MISSING && (is_tried(join) || join->step == JOIN_PROVING)) {
        join_undo(join, VERDICT_FAILED, "the device has no radio");
        return;
    }
    if (is_tried(join))
        look_at_trial(join, &radio);
    if (join->step == JOIN_RADIO_OFF || join->step == JOIN_RADIO_ON)
        look_at_switch(join, &radio);
    if (join->step == JOIN_PROVING)
        look_at_saved(join, &radio);
}

void join_activation_failed(struct join *join, unsigned reason)
{
    struct verdict_facts facts = facts_of(join);
    _cleanup_free_ char *detail = NULL;

    /* Before, it may be of what the radio did until now. */
    if (!join->begun) {
        if (join->step == JOIN_ASSOCIATING)
            join->early = reason;
        return;
    }
    join->reason = reason;
    /* The saved profile was proved a moment ago as another: there NetworkManager tries again. */
    if (!is_tried(join))
        return;
    if (asprintf(&detail, "NetworkManager's reason %u", reason) < 0)
        detail = NULL;
    join_undo(join, verdict_from_reason(reason, &facts), detail);
}
