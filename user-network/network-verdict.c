/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the verdict on the last join true. */

#include "network-verdict.h"

#include <time.h>

#include "unbox/log.h"
#include "unbox/messages.h"

/* NetworkManager's first check after a connection often comes before the name servers answer. */
#define INTERNET_PATIENCE_USEC (15 * USEC_PER_SEC)

/* As long as the page shows why a join has failed. */
#define BAD_NEWS_USEC (3600 * USEC_PER_SEC)

/* `message` has what to do; `detail` is for the technician. */
static void log_verdict(const struct verdict *verdict, const char *detail)
{
    char name[SSID_DISPLAY_MAX];
    const char *id = verdict->code == VERDICT_JOINED        ? UNBOX_MESSAGE_JOIN_SUCCEEDED
                     : verdict->code == VERDICT_NO_INTERNET ? UNBOX_MESSAGE_NO_INTERNET
                                                            : UNBOX_MESSAGE_JOIN_FAILED;

    ssid_display(&verdict->ssid, name);
    unbox_log_event(verdict->code == VERDICT_JOINED ? LOG_NOTICE : LOG_WARNING, id,
            UNBOX_FIELDS("UNBOX_SSID", name, "UNBOX_VERDICT", verdict_code_name(verdict->code),
                    "UNBOX_DETAIL", detail),
            "%s", verdict->message);
}

static void keep_verdict(struct network *network)
{
    int r = verdict_save(network->paths->verdict, &network->verdict);

    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "the verdict on a join can't be kept");
    tell_verdict(network->tell, verdict_to_json(&network->verdict));
}

/* Takes the one that is, and leaves none. */
static void set_aside(struct network *network)
{
    verdict_clear(&network->verdict_before);
    network->verdict_before = network->verdict;
    network->verdict = (struct verdict){};
}

void network_set_verdict(struct network *network, enum verdict_code code, const struct ssid *ssid,
        const char *detail)
{
    /* NetworkManager's own words explain a name that it can't take, and little else. */
    bool explains =
            code == VERDICT_FAILED || code == VERDICT_UNSUPPORTED || code == VERDICT_NOT_SAVED;
    struct timespec time;
    int r;

    clock_gettime(CLOCK_REALTIME, &time);
    r = verdict_set(
            &network->verdict, code, ssid, time.tv_sec * USEC_PER_SEC, explains ? detail : NULL);
    if (r < 0) {
        unbox_log_errno(LOG_WARNING, r, "the verdict on a join can't be told");
        return;
    }
    network->outlived_usec = 0;
    log_verdict(&network->verdict, detail);
    keep_verdict(network);
}

/* Of a join that did not come about, or of a network that is lost. */
static bool is_bad_news(const struct verdict *verdict)
{
    return verdict->code > VERDICT_JOINED && verdict->code != VERDICT_NO_INTERNET;
}

static bool is_lock_out(const struct verdict *verdict)
{
    return verdict->code == VERDICT_PASSWORD_CHANGED || verdict->code == VERDICT_LOGIN_CHANGED;
}

static bool on_network_of_verdict(const struct network *network)
{
    return network->radio.state == NM_RADIO_UP &&
           ssid_equal(&network->radio.ssid, &network->verdict.ssid);
}

/* The device has long been on a network that it could not be joined to: that is no news of it. */
static bool outlived(const struct network *network, uint64_t now_usec)
{
    return network->outlived_usec && now_usec >= network->outlived_usec;
}

void network_refuse_join(struct network *network, const struct ssid *ssid)
{
    const struct nm_radio *radio = &network->radio;

    if (!nm_running(network->nm))
        network_set_verdict(network, VERDICT_FAILED, ssid, "NetworkManager is not running");
    else if (radio->state == NM_RADIO_MISSING)
        network_set_verdict(network, VERDICT_FAILED, ssid, "the device has no radio");
    else if (radio->state == NM_RADIO_UNMANAGED)
        network_set_verdict(
                network, VERDICT_FAILED, ssid, "NetworkManager does not manage the radio");
    else if (network->radio_wanted && !radio->enabled && !radio->blocked &&
             !*country_code(network->country))
        /* We have switched it on, and it stays off: so it is where radios wait for a country. */
        network_set_verdict(network, VERDICT_COUNTRY_MISSING, ssid, NULL);
    else if (!network->radio_wanted || !radio->enabled || radio->blocked)
        network_set_verdict(network, VERDICT_RADIO_OFF, ssid, NULL);
    else
        network_set_verdict(network, VERDICT_FAILED, ssid, "the radio is not ready");
    network_look(network);
}

/*
 * What a saved network's failed activation says of it; `reason` is 0 when it came to no end. But
 * for a plain "no secrets" a router that lets nobody in is told from one that is away by a scan
 * that has seen it between two failures.
 */
static enum verdict_code look_into(
        struct network *network, const struct wifi_network *saved, unsigned reason)
{
    uint64_t now_usec = network_now(network);
    bool again = ssid_equal(&network->refused, &saved->ssid);
    struct verdict_facts facts = {
            .seen = again ? scan_list_seen(&network->air, &saved->ssid, now_usec,
                                    now_usec - network->refused_usec)
                          : NULL,
            .enterprise = wifi_is_enterprise(saved),
            .country_known = true,
    };

    network->refused = saved->ssid;
    network->refused_usec = now_usec;
    switch (reason ? verdict_from_reason(reason, &facts) : verdict_from_refusal(&facts)) {
    case VERDICT_PASSWORD_WRONG:
        return VERDICT_PASSWORD_CHANGED;
    case VERDICT_LOGIN_WRONG:
        return VERDICT_LOGIN_CHANGED;
    default:
        return VERDICT_NONE;
    }
}

void network_saved_failed(struct network *network, unsigned reason)
{
    const struct ssid *ssid = &network->radio.ssid;
    const struct wifi_network *saved = saved_find(network->saved, ssid);
    const struct verdict *verdict = &network->verdict;
    enum verdict_code code = saved ? look_into(network, saved, reason) : VERDICT_NONE;

    if (code == VERDICT_NONE)
        return;
    /* Who has just tried another password needs to know that it was wrong, and no more. */
    if (ssid_equal(ssid, &verdict->ssid) && is_bad_news(verdict) &&
            (is_lock_out(verdict) || !outlived(network, network_now(network))))
        return;
    set_aside(network);
    network_set_verdict(network, code, ssid, NULL);
}

/* Let in again without a new password: the router has its old one, or was only slow. */
static void follow_lock_out(struct network *network)
{
    char name[SSID_DISPLAY_MAX];

    if (!is_lock_out(&network->verdict) || !on_network_of_verdict(network))
        return;
    /* Why a join failed is what the customer still has to read. */
    if (!is_bad_news(&network->verdict_before)) {
        network_set_verdict(network, VERDICT_JOINED, &network->radio.ssid, NULL);
        return;
    }
    unbox_log(LOG_NOTICE, "%s lets the device in again, with the password that it has",
            ssid_display(&network->radio.ssid, name));
    verdict_clear(&network->verdict);
    network->verdict = network->verdict_before;
    network->verdict_before = (struct verdict){};
    keep_verdict(network);
}

static void follow_age(struct network *network, uint64_t now_usec)
{
    if (!network->outlived_usec && is_bad_news(&network->verdict) && on_network_of_verdict(network))
        network->outlived_usec = now_usec + BAD_NEWS_USEC;
}

static uint64_t follow_internet(struct network *network, uint64_t now_usec)
{
    const struct nm_radio *radio = &network->radio;
    enum verdict_code code = network->verdict.code;
    bool joined = on_network_of_verdict(network) && code != VERDICT_NONE;

    if (joined && is_bad_news(&network->verdict) && !outlived(network, now_usec))
        return network->outlived_usec;
    if (!joined || radio->internet != NM_INTERNET_MISSING) {
        network->internet_lost_usec = 0;
        if (joined && code == VERDICT_NO_INTERNET && radio->internet == NM_INTERNET_REACHED)
            network_set_verdict(network, VERDICT_JOINED, &network->radio.ssid, NULL);
        return 0;
    }
    if (code == VERDICT_NO_INTERNET)
        return 0;
    if (!network->internet_lost_usec)
        network->internet_lost_usec = now_usec;
    if (now_usec < network->internet_lost_usec + INTERNET_PATIENCE_USEC)
        return network->internet_lost_usec + INTERNET_PATIENCE_USEC;
    network_set_verdict(network, VERDICT_NO_INTERNET, &network->radio.ssid, NULL);
    return 0;
}

uint64_t network_follow_verdict(struct network *network, uint64_t now_usec)
{
    /* What is tried is not proved: the join's own verdict comes when it is. */
    if (join_running(network->join)) {
        network->internet_lost_usec = 0;
        return 0;
    }
    follow_lock_out(network);
    follow_age(network, now_usec);
    return follow_internet(network, now_usec);
}
