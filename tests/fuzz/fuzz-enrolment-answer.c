/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what the bench answers: taken apart whole, or refused with one printable line. */

#include <ctype.h>
#include <stdint.h>

#include "answer.h"
#include "util.h"
#include "verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const char *body, size_t size, unsigned status)
{
    const struct http_answer answer = {.message = "",
            .status = status,
            .type = "application/problem+json",
            .body = body,
            .size = size};
    struct verdict verdict;

    verdict_of(&answer, "7.7.7.7:5001", "eth0", "78", &verdict);
    if ((verdict.action == VERDICT_ACCEPTED) != (verdict.text[0] == '\0'))
        abort();
    for (const char *c = verdict.text; *c; c++)
        if (iscntrl((unsigned char)*c))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_json_ json_t *body =
            json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct challenge_answer challenge;
    struct enroll_answer enroll;
    const char *problem = NULL;

    judge((const char *)data, size, 403);
    judge((const char *)data, size, 503);
    if (!json_is_object(body))
        return 0;
    if (challenge_answer_parse(body, &challenge, &problem) < 0 && !problem)
        abort();
    problem = NULL;
    if (enroll_answer_parse(body, &enroll, &problem) < 0 && !problem)
        abort();
    return 0;
}
