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
    REASON_SUPPLICANT_FAILED = 10,
    REASON_SUPPLICANT_TIMEOUT = 11,
    REASON_DHCP_START_FAILED = 15,
    REASON_DHCP_ERROR = 16,
    REASON_DHCP_FAILED = 17,
    REASON_SSID_NOT_FOUND = 53,
};

/* Percent: below it the frames of a handshake get lost, about -85 dBm. */
#define SIGNAL_WEAK 25

/* MHz: above it the rules differ from country to country, and without one the radio only listens.
 */
#define FREQUENCY_EVERYWHERE 2484

static const struct {
    const char *name;
    const char *message; /* %s is the network */
} codes[] = {
        [VERDICT_NONE] = {"none", "%s"},
        [VERDICT_JOINED] = {"joined", "Connected to %s."},
        [VERDICT_PASSWORD_WRONG] = {"password_wrong",
                "The password for %s is probably wrong. Check it and try again."},
        [VERDICT_PASSWORD_CHANGED] = {"password_changed",
                "%s no longer lets the device in: its password has probably been changed. Choose "
                "it again and type the new one."},
        [VERDICT_LOGIN_CHANGED] = {"login_changed",
                "%s no longer lets the device in: it has probably another password, or the "
                "certificate is no longer valid. Choose it again and give the new one."},
        [VERDICT_NOT_FOUND] = {"not_found",
                "%s was not found. Is the router on and in reach, and the name right?"},
        [VERDICT_NO_ANSWER] = {"no_answer",
                "%s was seen but did not let the device in. Move closer to the router, or restart "
                "it, and try again."},
        [VERDICT_LOGIN_WRONG] = {"login_wrong",
                "%s did not accept the device: user name, password or certificate is probably "
                "wrong. Check them and try again."},
        [VERDICT_TOO_WEAK] = {"too_weak",
                "The signal of %s is too weak here. Move the device or the router closer to each "
                "other and try again."},
        [VERDICT_NO_ADDRESS] = {"no_address",
                "%s accepted the password but gave the device no address. Restart the router and "
                "try again."},
        [VERDICT_NO_GATEWAY] = {"no_gateway",
                "%s gave the device an address, but no gateway answers: nothing leads on from "
                "there. Restart the router and try again, or set a fixed address."},
        [VERDICT_NO_INTERNET] = {"no_internet",
                "Connected to %s, but it does not lead to the internet. Check the router's own "
                "connection."},
        [VERDICT_RADIO_OFF] = {"radio_off",
                "%s cannot be joined while the radio is off. Switch it on and try again."},
        [VERDICT_COUNTRY_MISSING] = {"country_missing",
                "%s cannot be joined before the device knows the country it is in: the radio may "
                "not be used there. Set the country and try again."},
        [VERDICT_UNSUPPORTED] = {"unsupported", "This device cannot join a network named %s. Give "
                                                "it another name in the router and "
                                                "try again."},
        [VERDICT_INTERRUPTED] = {"interrupted",
                "Joining %s was interrupted before it was finished. Please try again."},
        [VERDICT_NOT_SAVED] = {"not_saved",
                "%s could not be saved, so the device went back to what it had before: its storage "
                "is full or cannot be written. Restart the device and try again."},
        [VERDICT_FAILED] = {"failed", "Joining %s failed. Please try again."},
};

enum verdict_code verdict_from_silence(const struct verdict_facts *facts)
{
    if (!facts->seen)
        return VERDICT_NOT_FOUND;
    if (!facts->country_known && facts->seen->frequency > FREQUENCY_EVERYWHERE)
        return VERDICT_COUNTRY_MISSING;
    return facts->seen->signal < SIGNAL_WEAK ? VERDICT_TOO_WEAK : VERDICT_NO_ANSWER;
}

enum verdict_code verdict_from_refusal(const struct verdict_facts *facts)
{
    /* That is all one hears of a server that says no, or that isn't the one we trust. */
    if (facts->enterprise && facts->seen && facts->seen->signal >= SIGNAL_WEAK)
        return VERDICT_LOGIN_WRONG;
    return verdict_from_silence(facts);
}

static bool speaks_sae(const struct scan_entry *seen)
{
    return seen->security == SECURITY_WPA3 || seen->security == SECURITY_WPA2_WPA3;
}

enum verdict_code verdict_from_reason(unsigned reason, const struct verdict_facts *facts)
{
    switch (reason) {
    case REASON_NO_SECRETS:
        /* A new profile has its password: NetworkManager asks for another one because it failed. */
        return facts->enterprise ? VERDICT_LOGIN_WRONG : VERDICT_PASSWORD_WRONG;
    case REASON_SSID_NOT_FOUND:
        /* With SAE a wrong password and an absent network look alike, but for the scan. */
        if (facts->seen && speaks_sae(facts->seen) && facts->seen->signal >= SIGNAL_WEAK)
            return VERDICT_PASSWORD_WRONG;
        return verdict_from_silence(facts);
    case REASON_SUPPLICANT_DISCONNECT:
    case REASON_SUPPLICANT_FAILED:
    case REASON_SUPPLICANT_TIMEOUT:
        return verdict_from_refusal(facts);
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

bool verdict_is_of_saved(const struct verdict *verdict)
{
    return verdict->code == VERDICT_JOINED || verdict->code == VERDICT_NO_INTERNET ||
           verdict->code == VERDICT_PASSWORD_CHANGED || verdict->code == VERDICT_LOGIN_CHANGED;
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

const char *verdict_date(uint64_t time_usec, char ret[static VERDICT_DATE_MAX])
{
    time_t seconds = time_usec / USEC_PER_SEC;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(ret, VERDICT_DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return ret;
}

const char *verdict_code_name(enum verdict_code code)
{
    return codes[code].name;
}

json_t *verdict_to_json(const struct verdict *verdict)
{
    char name[SSID_DISPLAY_MAX], hex[SSID_HEX_MAX], date[VERDICT_DATE_MAX];

    if (verdict->code == VERDICT_NONE)
        return NULL;
    ssid_to_hex(&verdict->ssid, hex);
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "ssid", ssid_display(&verdict->ssid, name),
            "ssid_hex", hex, "code", codes[verdict->code].name, "message", verdict->message, "time",
            verdict_date(verdict->time_usec, date));
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
