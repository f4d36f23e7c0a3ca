/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Turns NetworkManager's reasons into sentences, and keeps the last one. */

#include "verdict.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "unbox/store.h"

#define VERDICT_MAX 4096

/* NMDeviceStateReason, of which these are told apart; numbers of NetworkManager's D-Bus API. */
enum {
    REASON_IP_CONFIG_UNAVAILABLE = 5,
    REASON_IP_CONFIG_EXPIRED = 6,
    REASON_NO_SECRETS = 7,
    REASON_SUPPLICANT_DISCONNECT = 8,
    REASON_SUPPLICANT_TIMEOUT = 11,
    REASON_DHCP_START_FAILED = 15,
    REASON_DHCP_ERROR = 16,
    REASON_DHCP_FAILED = 17,
    REASON_SSID_NOT_FOUND = 53,
};

static const struct {
    const char *name;
    const char *message; /* %s is the network */
} codes[] = {
        [VERDICT_NONE] = {"none", "%s"},
        [VERDICT_JOINED] = {"joined", "Connected to %s."},
        [VERDICT_PASSWORD_WRONG] = {"password_wrong",
                "The password for %s is probably wrong. Check it and try again."},
        [VERDICT_NOT_FOUND] = {"not_found",
                "%s was not found. Is the router on and in reach, and the name right?"},
        [VERDICT_NO_ANSWER] = {"no_answer",
                "%s was seen but did not let the device in. Move closer to the router, or restart "
                "it, and try again."},
        [VERDICT_NO_ADDRESS] = {"no_address",
                "%s accepted the password but gave the device no address. Restart the router and "
                "try again."},
        [VERDICT_UNSUPPORTED] = {"unsupported", "This device cannot join a network named %s."},
        [VERDICT_INTERRUPTED] = {"interrupted",
                "Joining %s was interrupted before it was finished. Please try again."},
        [VERDICT_FAILED] = {"failed", "Joining %s failed. Please try again."},
};

enum verdict_code verdict_from_reason(unsigned reason, const struct scan_entry *seen)
{
    switch (reason) {
    case REASON_NO_SECRETS:
        /* A new profile has its password: NetworkManager asks for another one because it failed. */
        return VERDICT_PASSWORD_WRONG;
    case REASON_SSID_NOT_FOUND:
        if (!seen)
            return VERDICT_NOT_FOUND;
        /* With SAE a wrong password and an absent network look alike, but for the scan. */
        if (seen->security == SECURITY_WPA3 || seen->security == SECURITY_WPA2_WPA3)
            return VERDICT_PASSWORD_WRONG;
        return VERDICT_NO_ANSWER;
    case REASON_SUPPLICANT_DISCONNECT:
    case REASON_SUPPLICANT_TIMEOUT:
        return seen ? VERDICT_NO_ANSWER : VERDICT_NOT_FOUND;
    case REASON_IP_CONFIG_UNAVAILABLE:
    case REASON_IP_CONFIG_EXPIRED:
    case REASON_DHCP_START_FAILED:
    case REASON_DHCP_ERROR:
    case REASON_DHCP_FAILED:
        return VERDICT_NO_ADDRESS;
    default:
        return VERDICT_FAILED;
    }
}

int verdict_set(struct verdict *verdict, enum verdict_code code, const struct ssid *ssid,
        uint64_t time_usec, const char *detail)
{
    char name[SSID_DISPLAY_MAX];
    const char *format = codes[code].message;
    const char *gap = strstr(format, "%s");
    char *message;

    if (asprintf(&message, "%.*s%s%s%s%s%s", (int)(gap - format), format, ssid_display(ssid, name),
                gap + 2, detail ? " (" : "", detail ?: "", detail ? ")" : "") < 0)
        return -ENOMEM;
    verdict_clear(verdict);
    *verdict = (struct verdict){
            .code = code, .ssid = *ssid, .time_usec = time_usec, .message = message};
    return 0;
}

const char *verdict_code_name(enum verdict_code code)
{
    return codes[code].name;
}

json_t *verdict_to_json(const struct verdict *verdict)
{
    char name[SSID_DISPLAY_MAX], hex[SSID_HEX_MAX], date[64];
    time_t seconds = verdict->time_usec / USEC_PER_SEC;
    struct tm tm;

    if (verdict->code == VERDICT_NONE)
        return NULL;
    ssid_to_hex(&verdict->ssid, hex);
    gmtime_r(&seconds, &tm);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "ssid", ssid_display(&verdict->ssid, name),
            "ssid_hex", hex, "code", codes[verdict->code].name, "message", verdict->message, "time",
            date);
}

static int verdict_from_json(json_t *object, struct verdict *ret)
{
    const char *hex, *code, *message, *date;
    struct verdict verdict = {};
    struct tm tm = {};

    if (json_unpack(object, "{s:s,s:s,s:s,s:s}", "ssid_hex", &hex, "code", &code, "message",
                &message, "time", &date) < 0 ||
            ssid_from_hex(hex, &verdict.ssid) < 0 || !strptime(date, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return -EBADMSG;
    for (size_t i = VERDICT_NONE + 1; i < ELEMENTSOF(codes); i++)
        if (strcmp(codes[i].name, code) == 0)
            verdict.code = i;
    if (verdict.code == VERDICT_NONE)
        return -EBADMSG;
    verdict.time_usec = timegm(&tm) * USEC_PER_SEC;
    verdict.message = strdup(message);
    if (!verdict.message)
        return -ENOMEM;
    *ret = verdict;
    return 0;
}

void verdict_load(const char *path, struct verdict *ret)
{
    _cleanup_free_ char *text = NULL;
    _cleanup_json_ json_t *object = NULL;

    *ret = (struct verdict){};
    if (unbox_store_read(path, VERDICT_MAX, &text, NULL) < 0)
        return;
    object = json_loads(text, 0, NULL);
    if (object)
        (void)verdict_from_json(object, ret);
}

int verdict_save(const char *path, const struct verdict *verdict)
{
    _cleanup_json_ json_t *object = verdict_to_json(verdict);
    _cleanup_free_ char *text = NULL;

    text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (!text)
        return -ENOMEM;
    return unbox_store_write(path, text, strlen(text), 0600, -1, -1);
}

void verdict_clear(struct verdict *verdict)
{
    free(verdict->message);
    *verdict = (struct verdict){};
}
