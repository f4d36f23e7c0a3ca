/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the verdict on the last join true. */

#include "network-verdict.h"

#include <time.h>

#include "unbox/log.h"
#include "unbox/messages.h"

/* NetworkManager's first check after a connection often comes before the name servers answer. */
#define INTERNET_PATIENCE_USEC (15 * USEC_PER_SEC)

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
    if (r >= 0) {
        log_verdict(&network->verdict, detail);
        r = verdict_save(network->paths->verdict, &network->verdict);
        tell_verdict(network->tell, verdict_to_json(&network->verdict));
    }
    if (r < 0)
        unbox_log_errno(LOG_WARNING, r, "the verdict on a join can't be kept");
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

void network_saved_failed(struct network *network, unsigned reason)
{
    /* Without a word of the scans it is NetworkManager's own. */
    static const struct verdict_facts nothing_seen = {};
    const struct ssid *ssid = &network->radio.ssid;
    const struct verdict *verdict = &network->verdict;

    if (verdict_from_reason(reason, &nothing_seen) != VERDICT_PASSWORD_WRONG ||
            !saved_find(network->saved, ssid))
        return;
    /* Who has just tried another password needs to know that it was wrong, and no more. */
    if (ssid_equal(ssid, &verdict->ssid) && verdict->code != VERDICT_JOINED &&
            verdict->code != VERDICT_NO_INTERNET)
        return;
    network_set_verdict(network, VERDICT_PASSWORD_CHANGED, ssid, NULL);
}

/* Let in again without a new password: the router has its old one. */
static void follow_password(struct network *network)
{
    if (network->verdict.code == VERDICT_PASSWORD_CHANGED && network->radio.state == NM_RADIO_UP &&
            ssid_equal(&network->radio.ssid, &network->verdict.ssid))
        network_set_verdict(network, VERDICT_JOINED, &network->radio.ssid, NULL);
}

static uint64_t follow_internet(struct network *network, uint64_t now_usec)
{
    const struct nm_radio *radio = &network->radio;
    enum verdict_code code = network->verdict.code;
    bool joined = (code == VERDICT_JOINED || code == VERDICT_NO_INTERNET) &&
                  radio->state == NM_RADIO_UP && ssid_equal(&radio->ssid, &network->verdict.ssid);

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
    follow_password(network);
    return follow_internet(network, now_usec);
}
