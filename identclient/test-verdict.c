/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of refusals, row by row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "util.h"
#include "verdict.h"

static struct verdict judge(const struct http_answer *answer)
{
    struct verdict verdict;

    verdict_of(answer, "7.7.7.7:5001", "eth0", "78", &verdict);
    return verdict;
}

static void test_statuses(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        enum verdict_action action;
        const char *text; /* that the line worker's line has in it */
    } rows[] = {
            {200, "{}", VERDICT_ACCEPTED, ""},
            {201, "{}", VERDICT_ACCEPTED, ""},
            {204, "", VERDICT_ACCEPTED, ""},
            {202, "{}", VERDICT_RETRY, "not ready"},
            {302, "", VERDICT_RETRY, "redirects"},
            {429, "{}", VERDICT_RETRY, "not ready"},
            {500, "not JSON", VERDICT_RETRY, "no reason given (500)"},
            {503, "{\"detail\":\"full\"}", VERDICT_RETRY, "full (503)"},
            {400, "{\"code\":\"bad_request\"}", VERDICT_STOP, "ask the bench operator"},
            {401, "{\"code\":\"token_invalid\"}", VERDICT_STOP, "ask the bench operator"},
            {403, "{\"code\":\"serial_not_allowed\"}", VERDICT_STOP, "on the list"},
            {403, "{\"code\":\"batch_closed\",\"detail\":\"B7 is full\"}", VERDICT_STOP,
                    "B7 is full"},
            {404, "", VERDICT_STOP, "(404)"},
            {401, "{\"code\":\"token_invalid\"}", VERDICT_STOP, "for a new token"},
            {403, "{\"code\":\"reassign_not_authorised\"}", VERDICT_STOP, "re-assignment token"},
            {409, "{\"code\":\"already_issued\"}", VERDICT_STOP, "re-assignment"},
            {409, "{\"code\":\"spki_mismatch\"}", VERDICT_STOP, "re-assignment"},
            {410, "{\"code\":\"attempt_expired\"}", VERDICT_NEW_ATTEMPT, "new one"},
            {422, "{\"code\":\"bad_csr\"}", VERDICT_STOP, "ask the bench operator"},
            {422, "{\"code\":\"bad_proof\"}", VERDICT_STOP, "re-assignment token"},
            {422, "{\"code\":\"mode_unsupported\"}", VERDICT_STOP, "enrolment.mode"},
            {422, "{\"code\":\"nonce_expired\"}", VERDICT_NEW_NONCE, "challenges"},
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        const struct verdict verdict = judge(&(struct http_answer){
                .status = rows[i].status,
                .type = "application/problem+json; charset=utf-8",
                .body = rows[i].body,
                .size = strlen(rows[i].body),
                .retry_after_sec = 7,
        });

        assert_int_equal(verdict.action, rows[i].action);
        assert_non_null(strstr(verdict.text, rows[i].text));
        assert_int_equal(verdict.retry_after_sec,
                rows[i].action == VERDICT_RETRY && rows[i].status != 302 ? 7 : 0);
    }
}

static void test_failures(void **state)
{
    static const struct {
        int error;
        const char *text;
    } rows[] = {
            {-EKEYREJECTED, "not our bench: the certificate of 7.7.7.7:5001"},
            {-EFBIG, "64 KiB"},
            {-ENODEV, "no interface eth0"},
            {-ECONNREFUSED, "7.7.7.7:5001 does not answer on eth0 (Connection refused)"},
            {-ETIMEDOUT, "does not answer on eth0 (Connection timed out)"},
    };

    for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
        const struct verdict verdict =
                judge(&(struct http_answer){.error = rows[i].error, .message = "why"});

        assert_int_equal(verdict.action, VERDICT_RETRY);
        assert_non_null(strstr(verdict.text, rows[i].text));
    }
}

static void test_the_benchs_words_stay_one_line(void **state)
{
    static const char body[] =
            "{\"code\":\"bad_request\",\"detail\":\"a\\nREADY=1\\u007fb \xc3\xa9\"}";
    const struct verdict verdict = judge(&(struct http_answer){
            .status = 400, .type = "application/problem+json", .body = body, .size = strlen(body)});

    assert_non_null(strstr(verdict.text, "a READY=1 b ??"));
    assert_null(strchr(verdict.text, '\n'));
}

static void test_words_are_believed_only_in_a_problem(void **state)
{
    static const char body[] = "{\"code\":\"nonce_expired\"}";
    const struct verdict verdict = judge(&(struct http_answer){
            .status = 422, .type = "text/html", .body = body, .size = strlen(body)});

    assert_int_equal(verdict.action, VERDICT_STOP);
    assert_string_equal(verdict.code, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(test_statuses),
            cmocka_unit_test(test_failures),
            cmocka_unit_test(test_the_benchs_words_stay_one_line),
            cmocka_unit_test(test_words_are_believed_only_in_a_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
