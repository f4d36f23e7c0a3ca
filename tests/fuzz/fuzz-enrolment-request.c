/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what a device asks of the bench: taken apart whole, or refused with code and words.
 */

#include <stdint.h>

#include "request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(int r, const struct refusal *refusal)
{
    if (r > 0 && (refusal->status < 400 || !refusal->code || !refusal->detail[0]))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_t *body =
            json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct refusal refusal = {};
    struct ack_request ack;
    const char *serial;

    if (!json_is_object(body))
        return 0;
    look(challenge_request_parse(body, &serial, &refusal), &refusal);
    for (enum enroll_kind kind = ENROLL_FIRST; kind <= ENROLL_RENEW; kind++) {
        _cleanup_(enroll_request_done) struct enroll_request enroll = {};

        look(enroll_request_parse(body, kind, &enroll, &refusal), &refusal);
    }
    look(ack_request_parse(body, &ack, &refusal), &refusal);
    return 0;
}
