/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a join ended, in words for the customer: what is wrong, and what he can do. It is kept on the
 * disk, because his phone loses the page while the radio is busy joining.
 */

#include <stdint.h>

#include "scan-list.h"
#include "ssid.h"
#include "util.h"

#define VERDICT_DATE_MAX 64

enum verdict_code {
    VERDICT_NONE,
    VERDICT_JOINED,
    VERDICT_PASSWORD_WRONG,
    VERDICT_PASSWORD_CHANGED, /* of a network that let us in before */
    VERDICT_LOGIN_CHANGED,    /* the same of one with user names or certificates */
    VERDICT_NOT_FOUND,
    VERDICT_NO_ANSWER,   /* seen, but it doesn't let us in and doesn't say why */
    VERDICT_LOGIN_WRONG, /* 802.1X: user name, password or certificate */
    VERDICT_TOO_WEAK,    /* seen, but hardly */
    VERDICT_NO_ADDRESS,  /* it let us in, but gave no address */
    VERDICT_NO_GATEWAY,  /* an address, but nothing that leads on from there, or it is silent */
    VERDICT_NO_INTERNET, /* joined, but it doesn't lead to the internet */
    VERDICT_RADIO_OFF,
    VERDICT_COUNTRY_MISSING, /* without it the radio may not be used there */
    VERDICT_UNSUPPORTED,     /* a name that netplan or NetworkManager can't take */
    VERDICT_INTERRUPTED,     /* power or daemon went in the middle */
    VERDICT_NOT_SAVED,       /* the disk is full, or can't be written */
    VERDICT_FAILED,
};

struct verdict {
    enum verdict_code code;
    struct ssid ssid;
    uint64_t time_usec; /* CLOCK_REALTIME */
    char *message;
};

/* What else is known of a network that can't be joined. */
struct verdict_facts {
    const struct scan_entry *seen; /* by a recent scan, or NULL */
    bool enterprise;               /* it takes a user name or a certificate: 802.1X */
    bool country_known;
};

/* What NetworkManager's reason (NMDeviceStateReason) for a failed activation says. */
enum verdict_code verdict_from_reason(unsigned reason, const struct verdict_facts *facts);

/* What it says that nobody answered, and no reason was given. */
enum verdict_code verdict_from_silence(const struct verdict_facts *facts);

/* What it says that it was tried for long, or sent away, and no reason was given. */
enum verdict_code verdict_from_refusal(const struct verdict_facts *facts);

/* Whether it can only be told of a network that is saved. */
bool verdict_is_of_saved(const struct verdict *verdict);

/* Makes one. `detail`, for those that need one, may be NULL. 0 or -ENOMEM. */
int verdict_set(struct verdict *verdict, enum verdict_code code, const struct ssid *ssid,
        uint64_t time_usec, const char *detail);

/* A moment of CLOCK_REALTIME as programs read it: "2026-01-31T23:59:59Z". Returns `ret`. */
const char *verdict_date(uint64_t time_usec, char ret[static VERDICT_DATE_MAX]);

const char *verdict_code_name(enum verdict_code code);

/* NULL when there is none. */
json_t *verdict_to_json(const struct verdict *verdict);

/* A file that is missing or broken is no verdict. */
void verdict_load(const char *path, struct verdict *ret);
int verdict_save(const char *path, const struct verdict *verdict);

void verdict_clear(struct verdict *verdict);
