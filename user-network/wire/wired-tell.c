/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What page, status line and journal are told of a change of the wire. */

#include <arpa/inet.h>

#include "unbox/log.h"
#include "unbox/messages.h"
#include "wired-private.h"

static const char *const step_names[] = {
        [STEP_CHECKING] = "checking",
        [STEP_CHECKPOINT] = "checking",
        [STEP_TRYING] = "trying",
        [STEP_UNCONFIRMED] = "unconfirmed",
        [STEP_UNDOING] = "undoing",
        [STEP_WAITING] = "applying",
        [STEP_APPLYING] = "applying",
};

static const struct {
    const char *code;
    const char *message;
} outcomes[] = {
        [OUTCOME_CONFIRMED] = {"confirmed", "The cable's connection keeps its fixed address."},
        [OUTCOME_DHCP] = {"dhcp", "The cable's connection gets its address from the network."},
        [OUTCOME_UNCONFIRMED] = {"not-confirmed",
                "Nobody confirmed the new address in time; the cable's connection is as before."},
        [OUTCOME_DOWN] = {"down",
                "The new address did not come up, or did not stay: another device may have it, or "
                "the cable was pulled. The cable's connection is as before."},
        [OUTCOME_INTERRUPTED] = {"interrupted",
                "The change of the cable's connection was interrupted; it is as before."},
        [OUTCOME_REFUSED] = {"refused",
                "The new address could not be set; the cable's connection is as before."},
};

const char *wired_print_wanted(const struct wired *wired, char ret[static INET_ADDRSTRLEN])
{
    return inet_ntop(AF_INET, &wired->wanted.address, ret, INET_ADDRSTRLEN);
}

void wired_log_outcome(const struct wired *wired, enum outcome outcome)
{
    bool kept = outcome == OUTCOME_CONFIRMED || outcome == OUTCOME_DHCP;

    unbox_log_event(kept ? LOG_NOTICE : LOG_WARNING,
            kept ? UNBOX_MESSAGE_WIRED_CHANGED : UNBOX_MESSAGE_WIRED_REVERTED,
            UNBOX_FIELDS("UNBOX_INTERFACE", wired->options.interface, "UNBOX_OUTCOME",
                    outcomes[outcome].code),
            "%s: %s", wired->options.interface, outcomes[outcome].message);
}

static unsigned seconds_left(const struct wired *wired)
{
    uint64_t now_usec = 0;

    (void)sd_event_now(wired->options.event, CLOCK_BOOTTIME, &now_usec);
    return wired->deadline_usec > now_usec ? (wired->deadline_usec - now_usec) / USEC_PER_SEC : 0;
}

static json_t *pending_to_json(const struct wired *wired)
{
    bool fixed = wired->text && *wired->text;
    bool counts = wired->step == STEP_TRYING || wired->step == STEP_UNCONFIRMED;

    if (wired->step == STEP_IDLE)
        return json_null();
    /* What an earlier run of ours had begun is undone without being known any more. */
    return json_pack("{s:s,s:o,s:o,s:o}", "step", step_names[wired->step], "method",
            wired->text ? json_string(fixed ? "static" : "dhcp") : json_null(), "static",
            fixed ? wired_settings_to_json(&wired->wanted) : json_null(), "seconds_left",
            counts ? json_integer(seconds_left(wired)) : json_null());
}

static json_t *last_to_json(const struct wired *wired)
{
    if (wired->last == OUTCOME_NONE)
        return json_null();
    return json_pack("{s:s,s:s}", "code", outcomes[wired->last].code, "message",
            outcomes[wired->last].message);
}

json_t *wired_to_json(const struct wired *wired)
{
    const struct wired_settings *settings = wired_files_settings(wired->files);

    return json_pack("{s:s,s:o,s:o,s:o}", "method", settings ? "static" : "dhcp", "static",
            settings ? wired_settings_to_json(settings) : json_null(), "pending",
            pending_to_json(wired), "last", last_to_json(wired));
}

void wired_print(const struct wired *wired, FILE *line)
{
    char address[INET_ADDRSTRLEN];

    if (wired->step == STEP_UNCONFIRMED)
        fprintf(line, "; %s on %s waits to be confirmed (%u s)", wired_print_wanted(wired, address),
                wired->options.interface, seconds_left(wired));
    else if (wired->step == STEP_UNDOING)
        fprintf(line, "; %s goes back to what it was", wired->options.interface);
    else if (wired_running(wired))
        fprintf(line, "; %s is being changed", wired->options.interface);
}
