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

enum verdict_code {
    VERDICT_NONE,
    VERDICT_JOINED,
    VERDICT_PASSWORD_WRONG,
    VERDICT_NOT_FOUND,
    VERDICT_NO_ANSWER,   /* seen, but it doesn't let us in and doesn't say why */
    VERDICT_NO_ADDRESS,  /* it let us in, but gave no address */
    VERDICT_UNSUPPORTED, /* a name that netplan or NetworkManager can't take */
    VERDICT_INTERRUPTED, /* power or daemon went in the middle */
    VERDICT_FAILED,
};

struct verdict {
    enum verdict_code code;
    struct ssid ssid;
    uint64_t time_usec; /* CLOCK_REALTIME */
    char *message;
};

/*
 * What NetworkManager's reason (NMDeviceStateReason) for a failed activation says. `seen` is what
 * the last scan knew of the network, or NULL.
 */
enum verdict_code verdict_from_reason(unsigned reason, const struct scan_entry *seen);

/* Makes one. `detail`, for those that need one, may be NULL. 0 or -ENOMEM. */
int verdict_set(struct verdict *verdict, enum verdict_code code, const struct ssid *ssid,
        uint64_t time_usec, const char *detail);

const char *verdict_code_name(enum verdict_code code);

/* NULL when there is none. */
json_t *verdict_to_json(const struct verdict *verdict);

/* A file that is missing or broken is no verdict. */
void verdict_load(const char *path, struct verdict *ret);
int verdict_save(const char *path, const struct verdict *verdict);

void verdict_clear(struct verdict *verdict);
