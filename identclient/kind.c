/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls, words and journal entries of each way to credentials. */

#include "kind.h"

#include "unbox/messages.h"

const struct kind kind_first = {
        .name = "enroll",
        .path = "/v1/enroll",
        .restart_sec = 5,
        .not_yet = "Not enrolled yet",
        .stopped = "Enrolment stopped",
        .done = "enrolled as",
        .remedy = "then power the device off and on",
        .retry_message = UNBOX_MESSAGE_ENROLMENT_RETRY,
        .refused_message = UNBOX_MESSAGE_ENROLMENT_REFUSED,
        .done_message = UNBOX_MESSAGE_ENROLLED,
};

const struct kind kind_reassign = {
        .name = "reassign",
        .path = "/v1/reassign",
        .restart_sec = 30,
        .not_yet = "No new credentials yet",
        .stopped = "Re-assignment stopped",
        .done = "re-assigned as",
        .remedy = "then write the token to /var/lib/unbox/identity/reassign again",
        .retry_message = UNBOX_MESSAGE_CREDENTIALS_RETRY,
        .refused_message = UNBOX_MESSAGE_CREDENTIALS_REFUSED,
        .done_message = UNBOX_MESSAGE_CREDENTIALS_REPLACED,
};

const struct kind kind_renew = {
        .name = "renew",
        .path = "/v1/renew",
        .restart_sec = 60 * 60,
        .not_yet = "Not renewed yet",
        .stopped = "Renewal stopped",
        .done = "renewed as",
        .remedy = "until then the present certificate stays in use",
        .retry_message = UNBOX_MESSAGE_CREDENTIALS_RETRY,
        .refused_message = UNBOX_MESSAGE_CREDENTIALS_REFUSED,
        .done_message = UNBOX_MESSAGE_CREDENTIALS_REPLACED,
};
