/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes the bench's answers apart; what is in the certificates is credentials.c's to check. */

#include "answer.h"

#include <errno.h>
#include <string.h>

#include "clock.h"
#include "enrolment-protocol.h"

#define NONCE_MAX 128

static int wrong(const char *problem, const char **ret_problem)
{
    *ret_problem = problem;
    return -EBADMSG;
}

static bool time_valid(json_int_t moment)
{
    return moment >= CLOCK_MIN && moment <= CLOCK_MAX;
}

/* Whether there are rules of it is user-network's to say: a bench that knows more countries, or
 * once took any, must not keep a device from its certificate. */
static bool country_valid(const char *country)
{
    return strlen(country) == 2 && strspn(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2;
}

int challenge_answer_parse(json_t *body, struct challenge_answer *ret, const char **ret_problem)
{
    const char *nonce;
    json_int_t server_time;

    if (json_unpack(body, "{s:s, s:I}", "nonce", &nonce, "server_time", &server_time) < 0)
        return wrong("nonce or server_time is missing", ret_problem);
    if (!*nonce || strlen(nonce) > NONCE_MAX)
        return wrong("the nonce is empty or too long", ret_problem);
    if (!time_valid(server_time))
        return wrong("server_time is no time of day", ret_problem);
    *ret = (struct challenge_answer){.nonce = nonce, .server_time = server_time};
    return 0;
}

int enroll_answer_parse(json_t *body, struct enroll_answer *ret, const char **ret_problem)
{
    struct enroll_answer answer = {.chain = ""};
    json_int_t server_time;

    if (json_unpack(body, "{s:s, s:s, s:s, s:{s:s, s?s, s:s, s?s}, s?o, s?s, s:I}", "enrolment_id",
                &answer.enrolment_id, "hostname", &answer.hostname, "uuid", &answer.uuid,
                "serial_certs", "cert", &answer.cert, "chain", &answer.chain, "ca", &answer.ca,
                "key", &answer.key, "cloud", &answer.cloud, "country", &answer.country,
                "server_time", &server_time) < 0)
        return wrong("a member is missing or of the wrong type", ret_problem);
    if (!enrolment_uuid_valid(answer.enrolment_id) || !enrolment_uuid_valid(answer.uuid))
        return wrong("enrolment_id and uuid must be UUIDs", ret_problem);
    if (!enrolment_hostname_valid(answer.hostname))
        return wrong("the hostname is not one label", ret_problem);
    if (answer.country && !country_valid(answer.country))
        return wrong("the country is not two capital letters", ret_problem);
    if (answer.cloud && !json_is_object(answer.cloud))
        return wrong("cloud is not an object", ret_problem);
    if (!time_valid(server_time))
        return wrong("server_time is no time of day", ret_problem);
    answer.server_time = server_time;
    *ret = answer;
    return 0;
}
