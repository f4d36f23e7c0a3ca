/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of refusals: status and code of the bench's problem, to what the device does. */

#include "verdict.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "enrolment-protocol.h"
#include "line.h"

/* What a line worker can do about a refusal; without an entry, the bench's own words have to do. */
static const struct {
    const char *code;
    const char *advice;
} advices[] = {
        {ENROLMENT_SERIAL_NOT_ALLOWED, "ask the bench operator to put it on the list"},
        {ENROLMENT_BATCH_CLOSED, "ask the bench operator for a batch that is open"},
        {ENROLMENT_ALREADY_ISSUED, "the bench operator has to allow a re-assignment"},
        {ENROLMENT_SPKI_MISMATCH, "the bench operator has to allow a re-assignment"},
        {ENROLMENT_MODE_UNSUPPORTED, "ask the bench operator whether its batch has this mode "
                                     "(enrolment.mode)"},
        {ENROLMENT_TOKEN_INVALID, "ask the bench operator for a new token"},
        {ENROLMENT_REASSIGN_NOT_AUTHORISED, "ask the bench operator for a re-assignment token"},
        {ENROLMENT_BAD_CSR, "device and bench are of different versions: ask the bench operator"},
        {ENROLMENT_BAD_PROOF, "the key on the disk is another one: ask the bench operator for a "
                              "re-assignment token"},
        {ENROLMENT_BAD_REQUEST, "device and bench are of different versions: ask the bench "
                                "operator"},
};

_printf_(2, 3) static void say(struct verdict *verdict, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(verdict->text, sizeof(verdict->text), format, args);
    va_end(args);
    line_make(verdict->text);
}

static void judge_failure(const struct http_answer *answer, const char *where,
        const char *interface, struct verdict *verdict)
{
    verdict->action = VERDICT_RETRY;
    if (answer->error == -EKEYREJECTED)
        say(verdict, "not our bench: the certificate of %s is not the factory's (%s)", where,
                answer->message);
    else if (answer->error == -EFBIG)
        say(verdict, "malformed answer: %s sent more than %d KiB", where,
                ENROLMENT_ANSWER_MAX / 1024);
    else if (answer->error == -ENODEV)
        say(verdict, "no bench: this device has no interface %s", interface);
    else
        say(verdict, "no bench: %s does not answer%s%s (%s)", where, interface ? " on " : "",
                interface ?: "", strerror(-answer->error));
}

static void judge_refusal(const struct http_answer *answer, const char *where, const char *serial,
        const char *detail, struct verdict *verdict)
{
    const char *advice = "ask the bench operator";

    verdict->action = VERDICT_STOP;
    for (size_t i = 0; i < ELEMENTSOF(advices); i++)
        if (strcmp(verdict->code, advices[i].code) == 0)
            advice = advices[i].advice;
    say(verdict, "refused by the bench %s, serial %s: %.200s (%u): %s", where, serial, detail,
            answer->status, advice);
}

static bool is_temporary(unsigned status)
{
    return status == 202 || status == 408 || status == 429 || status >= 500;
}

static void judge_status(const struct http_answer *answer, const char *where, const char *serial,
        const char *detail, struct verdict *verdict)
{
    if (answer->status == 200 || answer->status == 201 || answer->status == 204) {
        verdict->action = VERDICT_ACCEPTED;
    } else if (is_temporary(answer->status)) {
        verdict->action = VERDICT_RETRY;
        verdict->retry_after_sec = answer->retry_after_sec;
        say(verdict, "the bench %s is not ready: %.200s (%u)", where, detail, answer->status);
    } else if (answer->status >= 300 && answer->status < 400) {
        verdict->action = VERDICT_RETRY;
        say(verdict, "malformed answer: %s redirects (%u), which is not followed", where,
                answer->status);
    } else if (answer->status == 410) {
        verdict->action = VERDICT_NEW_ATTEMPT;
        say(verdict, "the bench %s let this attempt expire: beginning a new one", where);
    } else if (strcmp(verdict->code, ENROLMENT_NONCE_EXPIRED) == 0) {
        verdict->action = VERDICT_NEW_NONCE;
        say(verdict, "refused by the bench %s, serial %s: its challenges expire at once", where,
                serial);
    } else {
        judge_refusal(answer, where, serial, detail, verdict);
    }
}

void verdict_of(const struct http_answer *answer, const char *where, const char *interface,
        const char *serial, struct verdict *ret)
{
    const char *code = "", *detail = "no reason given";
    _cleanup_json_ json_t *problem = NULL;

    *ret = (struct verdict){};
    if (answer->error < 0) {
        judge_failure(answer, where, interface, ret);
        return;
    }
    if (strncmp(answer->type, "application/problem+json", 24) == 0)
        problem = json_loadb(answer->body, answer->size, JSON_REJECT_DUPLICATES, NULL);
    if (problem)
        (void)json_unpack(problem, "{s?s, s?s}", "code", &code, "detail", &detail);
    (void)snprintf(ret->code, sizeof(ret->code), "%s", code);
    judge_status(answer, where, serial, detail, ret);
}
