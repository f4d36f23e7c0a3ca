/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The order of an enrolment. It holds no state that counts: which step comes next is read from the
 * identity folder, so that power may go at any instant.
 *
 *   no attempt                        make a key and an attempt
 *   attempt, its generation missing   ask, check, make it current, or next if there were others
 *   attempt, its generation stored    acknowledge, make it current, set the hostname, set the flag
 *
 * Credentials that hold stay current until the bench has heard that there are others on the disk:
 * the bench revokes them at that moment, and not before. Each try asks for a challenge first: it
 * shows that the bench is there, and what time it is.
 */

#include "enrolment.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "ask.h"
#include "bench.h"
#include "clock.h"
#include "enrolment-protocol.h"
#include "hostnamed.h"
#include "identity.h"
#include "line.h"
#include "unbox/log.h"
#include "unbox/store.h"

/* One process is one try of at most this long; the unit's RestartSec= comes on top. */
#define TRY_SEC 20
/* Fifty devices that are switched on together must not come back together. */
#define JITTER_USEC (1 * USEC_PER_SEC)

struct enrolment {
    struct unbox_run *run;
    struct enrolment_options options;
    struct bench *bench;
    struct hostnamed *hostnamed;
    sd_event_source *deadline;
    sd_event_source *leave;
    struct attempt_terms terms;
    struct attempt attempt;
    struct credentials credentials;
    int64_t server_time;
    bool asked_twice; /* for a nonce */
    bool leaving;
    char problem[256]; /* what credentials_load() found first */
};

static void ask_for_challenge(struct enrolment *enrolment);

/* Goes at the latest when the try's time is up. */
static int on_leave(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct enrolment *enrolment = userdata;

    unbox_run_exit(enrolment->run, UNBOX_EXIT_FAILURE);
    return 0;
}

static void leave_after(struct enrolment *enrolment, unsigned seconds)
{
    sd_event *event = unbox_run_event(enrolment->run);
    uint32_t random = 0;

    enrolment->leaving = true;
    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
        random = 0;
    if (sd_event_add_time_relative(event, &enrolment->leave, CLOCK_BOOTTIME,
                seconds * USEC_PER_SEC + random % JITTER_USEC, 0, on_leave, enrolment) < 0)
        unbox_run_exit(enrolment->run, UNBOX_EXIT_FAILURE);
}

/* Ends this try with one line for the line worker; systemd begins the next. */
_printf_(3, 4) static void give_up(
        struct enrolment *enrolment, unsigned retry_after_sec, const char *format, ...)
{
    const struct kind *kind = enrolment->options.kind;
    unsigned wait = retry_after_sec > kind->restart_sec ? retry_after_sec - kind->restart_sec : 0;
    struct tries *tries = enrolment->options.tries;
    char reason[512];
    va_list args;

    if (enrolment->leaving)
        return;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    line_make(reason);
    if (wait > TRY_SEC)
        wait = TRY_SEC;
    unbox_run_status(enrolment->run, "%s, attempt %u, trying again in %u s", reason, tries->number,
            wait + kind->restart_sec);
    /* A bench that is off for a night is one entry, not thousands. */
    if (tries_failed(tries, reason))
        unbox_log_event(LOG_WARNING, kind->retry_message,
                UNBOX_FIELDS("UNBOX_SERIAL", enrolment->options.serial, "UNBOX_REASON", reason),
                "%s: %s, attempt %u; trying again until it works", kind->not_yet, reason,
                tries->number);
    leave_after(enrolment, wait);
}

static void refused(struct enrolment *enrolment, const struct verdict *verdict)
{
    const struct kind *kind = enrolment->options.kind;

    enrolment->leaving = true;
    unbox_run_status(enrolment->run, "%s; %s", verdict->text, kind->remedy);
    unbox_log_event(LOG_ERR, kind->refused_message,
            UNBOX_FIELDS("UNBOX_SERIAL", enrolment->options.serial, "UNBOX_CODE", verdict->code),
            "%s: %s", kind->stopped, verdict->text);
    unbox_run_exit(enrolment->run, UNBOX_EXIT_REFUSED);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct enrolment *enrolment = userdata;

    if (enrolment->leaving)
        unbox_run_exit(enrolment->run, UNBOX_EXIT_FAILURE);
    else
        give_up(enrolment, 0, "the bench %s took longer than %d s", bench_where(enrolment->bench),
                TRY_SEC);
    return 0;
}

static void on_item(const char *item, const char *problem, void *userdata)
{
    struct enrolment *enrolment = userdata;

    if (problem && !enrolment->problem[0])
        (void)snprintf(enrolment->problem, sizeof(enrolment->problem), "%s: %s", item, problem);
}

static struct credentials_wanted wanted(struct enrolment *enrolment)
{
    enrolment->problem[0] = '\0';
    return (struct credentials_wanted){
            .serial = enrolment->options.serial,
            .key_mode = enrolment->options.key_mode,
            .now = clock_now(&clock_real, enrolment->server_time),
            .fn = on_item,
            .userdata = enrolment,
    };
}

/* What the bench let expire, or the disk lost, is begun anew by the next try. */
static void begin_anew(struct enrolment *enrolment, const char *why)
{
    int r = identity_abandon(enrolment->options.directory);

    if (r < 0)
        give_up(enrolment, 0, "can't remove the old attempt: %s", strerror(-r));
    else
        give_up(enrolment, 0, "%s", why);
}

/* True when the call was accepted; otherwise everything that follows from it has been done. */
static bool accepted(struct enrolment *enrolment, const struct verdict *verdict)
{
    if (enrolment->leaving)
        return false;
    switch (verdict->action) {
    case VERDICT_ACCEPTED:
        return true;
    case VERDICT_RETRY:
        give_up(enrolment, verdict->retry_after_sec, "%s", verdict->text);
        return false;
    case VERDICT_NEW_NONCE:
        if (enrolment->asked_twice) {
            refused(enrolment, verdict);
        } else {
            enrolment->asked_twice = true;
            ask_for_challenge(enrolment);
        }
        return false;
    case VERDICT_NEW_ATTEMPT:
        begin_anew(enrolment, verdict->text);
        return false;
    case VERDICT_STOP:
    default:
        refused(enrolment, verdict);
        return false;
    }
}

/* What a finished attempt leaves behind for others; its own traces go last. */
static int finish(struct enrolment *enrolment)
{
    const struct enrolment_options *options = &enrolment->options;
    int r = 0;

    if (!identity_provisioned(options->directory))
        r = identity_set_provisioned(options->directory);
    if (r >= 0 && options->token)
        r = token_remove(options->directory);
    /* The first one stays: until the flag is there it says whose generation is current. */
    if (r >= 0 && options->kind != &kind_first)
        r = identity_attempt_drop(options->directory);
    return r;
}

/* Only now, for whoever turns the device off when it sees the flag. */
static void flag_power_off(const char *path)
{
    int r = path ? unbox_store_flag(path, 0644) : 0;

    if (r < 0)
        (void)unbox_log_errno(LOG_WARNING, r, "Can't ask for the power to be turned off");
}

static void on_hostname_set(int error, const char *message, void *userdata)
{
    struct enrolment *enrolment = userdata;
    const struct enrolment_options *options = &enrolment->options;
    const char *hostname = enrolment->credentials.hostname;
    int r;

    if (enrolment->leaving)
        return;
    if (error < 0) {
        give_up(enrolment, 0, "can't set the hostname %s: %s", hostname, message);
        return;
    }
    r = finish(enrolment);
    if (r < 0) {
        give_up(enrolment, 0, "can't note that it is done in %s: %s", options->directory,
                strerror(-r));
        return;
    }
    enrolment->leaving = true;
    unbox_run_status(enrolment->run, "%s %s", options->kind->done, hostname);
    unbox_log_event(LOG_NOTICE, options->kind->done_message,
            UNBOX_FIELDS("UNBOX_SERIAL", options->serial, "UNBOX_HOSTNAME", hostname,
                    "UNBOX_ENROLMENT", enrolment->credentials.enrolment_id, "UNBOX_CERTIFICATE",
                    enrolment->credentials.cert_sha256),
            "Serial %s is %s %s", options->serial, options->kind->done, hostname);
    flag_power_off(options->power_off_flag);
    unbox_run_exit(enrolment->run, UNBOX_EXIT_OK);
}

static void on_acknowledged(const struct verdict *verdict, json_t *body, void *userdata)
{
    struct enrolment *enrolment = userdata;
    int r;

    if (!accepted(enrolment, verdict))
        return;
    r = identity_adopt(enrolment->options.directory, &enrolment->attempt);
    if (r < 0) {
        give_up(enrolment, 0, "can't make the new credentials the current ones: %s", strerror(-r));
        return;
    }
    unbox_run_status(enrolment->run, "acknowledged, setting the hostname %s",
            enrolment->credentials.hostname);
    r = hostnamed_new(unbox_run_event(enrolment->run), &enrolment->hostnamed);
    if (r >= 0)
        r = hostnamed_set(
                enrolment->hostnamed, enrolment->credentials.hostname, on_hostname_set, enrolment);
    if (r < 0)
        give_up(enrolment, 0, "can't ask hostnamed for a hostname: %s", strerror(-r));
}

static int sign_proof(const struct credentials *credentials, char **ret)
{
    char proof[ENROLMENT_PROOF_SIZE];
    int size;

    size = enrolment_proof(credentials->enrolment_id, credentials->cert_sha256, proof);
    if (size < 0)
        return size;
    return crypto_sign(credentials->key, proof, size, ret);
}

/* Proves to the bench that the key is on this disk, by reading it from there. */
static void acknowledge(struct enrolment *enrolment)
{
    struct credentials *credentials = &enrolment->credentials;
    const struct enrolment_options *options = &enrolment->options;
    const struct credentials_wanted expected = wanted(enrolment);
    _cleanup_free_ char *proof = NULL;
    char why[320];
    int r;

    r = identity_tidy(options->directory);
    if (r < 0) {
        give_up(enrolment, 0, "can't remove the attempt's copy of the key: %s", strerror(-r));
        return;
    }
    r = identity_stored(options->directory, &enrolment->attempt, &expected, credentials);
    if (r == -EKEYREJECTED) {
        (void)snprintf(
                why, sizeof(why), "the identity on the disk is damaged (%s)", enrolment->problem);
        begin_anew(enrolment, why);
        return;
    }
    if (r >= 0)
        r = sign_proof(credentials, &proof);
    if (r >= 0)
        r = bench_acknowledge(enrolment->bench, credentials->enrolment_id, credentials->cert_sha256,
                proof, on_acknowledged, enrolment);
    if (r < 0)
        give_up(enrolment, 0, "can't acknowledge the identity: %s", strerror(-r));
    else
        unbox_run_status(enrolment->run, "identity stored, telling the bench");
}

static void raise_clock(struct enrolment *enrolment, int64_t server_time)
{
    int r = 0;

    enrolment->server_time = server_time;
    /* Where dates count, as at the customer's, the clock is somebody else's. */
    if (enrolment->options.ignore_dates)
        r = clock_raise(&clock_real, server_time);
    if (r < 0)
        (void)unbox_log_errno(LOG_WARNING, r, "Can't set the clock to the bench's time");
    else if (r > 0)
        unbox_log(LOG_NOTICE, "The clock was behind and is now set to the bench's time");
    r = clock_floor_raise(enrolment->options.directory, server_time);
    if (r < 0)
        (void)unbox_log_errno(LOG_WARNING, r, "Can't keep the bench's time for the next boot");
}

static void on_enrolled(const struct verdict *verdict, json_t *body, void *userdata)
{
    struct enrolment *enrolment = userdata;
    const char *where = bench_where(enrolment->bench), *problem = "it has no body";
    struct credentials_wanted expected;
    struct enroll_answer answer;
    int r;

    if (!accepted(enrolment, verdict))
        return;
    r = enroll_answer_parse(body, &answer, &problem);
    if (r < 0) {
        give_up(enrolment, 0, "malformed answer of the bench %s: %s", where, problem);
        return;
    }
    raise_clock(enrolment, answer.server_time);
    expected = wanted(enrolment);
    r = identity_install(enrolment->options.directory, &enrolment->attempt, &answer, &expected,
            enrolment->options.kind != &kind_first);
    if (r == -EKEYREJECTED)
        give_up(enrolment, 0, "malformed answer of the bench %s: %s", where, enrolment->problem);
    else if (r < 0)
        give_up(enrolment, 0, "can't store the identity: %s", strerror(-r));
    else
        acknowledge(enrolment);
}

static int ask_for_identity(struct enrolment *enrolment, const char *nonce)
{
    const struct enrolment_options *options = &enrolment->options;
    json_t *request;
    int r;

    r = ask_new(options, &enrolment->attempt, nonce, &request);
    if (r < 0)
        return r;
    return bench_ask(enrolment->bench, options->kind->path, request, on_enrolled, enrolment);
}

static void on_challenge(const struct verdict *verdict, json_t *body, void *userdata)
{
    struct enrolment *enrolment = userdata;
    const char *where = bench_where(enrolment->bench), *problem = "it has no body";
    struct challenge_answer answer;
    int r;

    if (!accepted(enrolment, verdict))
        return;
    r = challenge_answer_parse(body, &answer, &problem);
    if (r < 0) {
        give_up(enrolment, 0, "malformed answer of the bench %s: %s", where, problem);
        return;
    }
    raise_clock(enrolment, answer.server_time);
    if (enrolment->attempt.stored) {
        acknowledge(enrolment);
        return;
    }
    unbox_run_status(enrolment->run, "the bench %s answers, asking for an identity", where);
    r = ask_for_identity(enrolment, answer.nonce);
    if (r < 0)
        give_up(enrolment, 0, "can't ask the bench %s for an identity: %s", where, strerror(-r));
}

static void ask_for_challenge(struct enrolment *enrolment)
{
    int r = bench_challenge(enrolment->bench, on_challenge, enrolment);

    if (r < 0)
        give_up(enrolment, 0, "can't ask the bench %s: %s", bench_where(enrolment->bench),
                strerror(-r));
}

static void begin(struct enrolment *enrolment)
{
    const struct enrolment_options *options = &enrolment->options;
    const char *directory = options->directory;
    int r;

    if (bench_has_wire(enrolment->bench))
        unbox_run_status(enrolment->run, "asking the bench %s%s%s, attempt %u",
                bench_where(enrolment->bench), options->interface ? " on " : "",
                options->interface ?: "", options->tries->number);
    else
        unbox_run_status(enrolment->run, "waiting for an address on %s, attempt %u",
                options->interface, options->tries->number);
    r = identity_attempt_load(directory, &enrolment->terms, &enrolment->attempt);
    if (r == -ENOENT)
        r = identity_attempt_new(directory, &enrolment->terms, &enrolment->attempt);
    if (r < 0)
        give_up(enrolment, 0, "can't write to %s: %s", directory, strerror(-r));
    else
        ask_for_challenge(enrolment);
}

int enrolment_new(
        struct unbox_run *run, const struct enrolment_options *options, struct enrolment **ret)
{
    const struct bench_options bench = {
            .url = options->url,
            .ca_pem = options->ca_pem,
            .pins = options->pins,
            .interface = options->interface,
            .certificate_pem = options->certificate_pem,
            .key_pem = options->key_pem,
            .serial = options->serial,
            .ignore_dates = options->ignore_dates,
    };
    _cleanup_(enrolment_free_p) struct enrolment *enrolment = calloc(1, sizeof(*enrolment));
    int r;

    if (!enrolment)
        return -ENOMEM;
    enrolment->run = run;
    enrolment->options = *options;
    enrolment->terms = (struct attempt_terms){
            .kind = options->kind->name,
            .bundle = options->bundle,
            .token = options->token ? options->token->text : NULL,
    };
    r = bench_new(unbox_run_event(run), &bench, &enrolment->bench);
    if (r < 0)
        return r;
    r = sd_event_add_time_relative(unbox_run_event(run), &enrolment->deadline, CLOCK_BOOTTIME,
            TRY_SEC * USEC_PER_SEC, 0, on_deadline, enrolment);
    if (r < 0)
        return r;
    begin(enrolment);
    *ret = STEAL(enrolment);
    return 0;
}

struct enrolment *enrolment_free(struct enrolment *enrolment)
{
    if (!enrolment)
        return NULL;
    hostnamed_free(enrolment->hostnamed);
    bench_free(enrolment->bench);
    sd_event_source_disable_unref(enrolment->deadline);
    sd_event_source_disable_unref(enrolment->leave);
    attempt_done(&enrolment->attempt);
    credentials_done(&enrolment->credentials);
    free(enrolment);
    return NULL;
}
