/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes together what an enrolment needs, by its kind, and runs it. */

#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "crypto.h"
#include "ending.h"
#include "enrolment.h"
#include "identity.h"
#include "renewal.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"
#include "unbox/store.h"

#define CA_SIZE_MAX (64 * 1024)
#define DAY_SEC (24 * 60 * 60)

DEFINE_CLEANUP(struct unbox_run *, unbox_run_free);

int session_config_invalid(const char *format, ...)
{
    char text[640];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    unbox_run_notify_status("configuration: %s", text);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_CONFIG_INVALID, NULL, "%s", text);
    return UNBOX_EXIT_CONFIG;
}

mode_t session_key_mode(const struct unbox_config *config)
{
    return (mode_t)strtoul(unbox_config_string(config, "enrolment.key_mode"), NULL, 8);
}

/* 0, or an exit code. */
static int read_ca(const struct unbox_config *config, char **ret)
{
    const char *path = unbox_config_string(config, "enrolment.ca_file");
    _cleanup_(X509_free_p) X509 *ca = NULL;
    _cleanup_free_ char *pem = NULL;
    int r;

    r = unbox_store_read(path, CA_SIZE_MAX, &pem, NULL);
    if (r < 0)
        return session_config_invalid("enrolment.ca_file: %s: %s", path, strerror(-r));
    r = crypto_certificate_from_pem(pem, &ca);
    if (r < 0)
        return session_config_invalid("enrolment.ca_file: %s holds no certificate", path);
    *ret = STEAL(pem);
    return 0;
}

static int loop(struct enrolment_options *options)
{
    _cleanup_(tries_done) struct tries tries = {};
    _cleanup_(unbox_run_free_p) struct unbox_run *run = NULL;
    _cleanup_(enrolment_free_p) struct enrolment *enrolment = NULL;
    int r;

    r = tries_begin(getenv("RUNTIME_DIRECTORY"), &tries);
    if (r >= 0)
        r = unbox_run_new(NULL, NULL, &run);
    options->tries = &tries;
    if (r >= 0)
        r = enrolment_new(run, options, &enrolment);
    if (r >= 0)
        r = unbox_run_loop(run);
    return r < 0 ? ending(UNBOX_EXIT_FAILURE, "can't run: %s", strerror(-r)) : r;
}

/* Fills in what all kinds have, and runs it. */
static int run(const struct session *session, struct enrolment_options *options)
{
    const struct unbox_config *config = session->config;
    const char *pins = unbox_config_string(config, "enrolment.pins");
    const char *const mac_interfaces[] = {unbox_config_string(config, "network.wired_interface"),
            unbox_config_string(config, "network.wifi_interface"), NULL};
    _cleanup_free_ char *ca_pem = NULL;
    _cleanup_close_ int lock = -1;
    int r;

    r = read_ca(config, &ca_pem);
    if (r != 0)
        return r;
    r = identity_lock(session->directory, &lock);
    if (r == -EWOULDBLOCK)
        return ending(UNBOX_EXIT_FAILURE, "another enrolment is under way on this device");
    if (r < 0)
        return ending(UNBOX_EXIT_FAILURE, "can't use %s: %s", session->directory, strerror(-r));
    options->directory = session->directory;
    options->sysfs = session->sysfs;
    options->serial = session->serial;
    options->key_mode = session_key_mode(config);
    options->ca_pem = ca_pem;
    options->pins = *pins ? pins : NULL;
    options->product = unbox_config_string(config, "enrolment.product");
    options->hardware_revision = unbox_config_string(config, "enrolment.hardware_revision");
    options->batch = unbox_config_string(config, "enrolment.batch");
    options->mac_interfaces = mac_interfaces;
    return loop(options);
}

/* The bench itself: only on its interface, and it gives the time. */
static void use_bench(const struct unbox_config *config, struct enrolment_options *options)
{
    options->url = unbox_config_string(config, "enrolment.url");
    options->interface = unbox_config_string(config, "enrolment.interface");
    options->ignore_dates = true;
}

static bool is_bundle(const struct unbox_config *config)
{
    return strcmp(unbox_config_string(config, "enrolment.mode"), "bundle") == 0;
}

int session_enrol(const struct session *session)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY");
    struct enrolment_options options = {
            .kind = &kind_first,
            .bundle = is_bundle(session->config),
    };
    _cleanup_free_ char *power_off = NULL;

    if (identity_provisioned(session->directory))
        return ending(UNBOX_EXIT_OK, "already enrolled");
    use_bench(session->config, &options);
    if (unbox_config_bool(session->config, "factory.poweroff") && runtime) {
        if (asprintf(&power_off, "%s/poweroff", runtime) < 0) {
            power_off = NULL;
            return ending(UNBOX_EXIT_FAILURE, "can't run: %s", strerror(ENOMEM));
        }
        options.power_off_flag = power_off;
    }
    return run(session, &options);
}

static int token_unreadable(const char *directory, int error)
{
    if (error == -ENOENT)
        return ending(
                UNBOX_EXIT_OK, "nothing to do: there is no token in %s/" TOKEN_FILE, directory);
    if (error == -ENODATA)
        return ending(UNBOX_EXIT_FAILURE,
                "%s/" TOKEN_FILE " is empty: write the token of the bench "
                "operator into it",
                directory);
    if (error == -EBADMSG)
        return ending(UNBOX_EXIT_REFUSED,
                "what is in %s/" TOKEN_FILE " is no token: write the one of "
                "the bench operator into it",
                directory);
    return ending(UNBOX_EXIT_REFUSED, "can't read %s/" TOKEN_FILE " (%s): chmod 0644", directory,
            strerror(-error));
}

int session_reassign(const struct session *session)
{
    const char *url = unbox_config_string(session->config, "enrolment.reassign_url");
    struct enrolment_options options = {
            .kind = &kind_reassign,
            .url = url,
            .bundle = is_bundle(session->config),
    };
    _cleanup_(token_done) struct token token = {};
    int r;

    r = token_read(session->directory, &token);
    if (r < 0)
        return token_unreadable(session->directory, r);
    options.token = &token;
    if (!*url)
        use_bench(session->config, &options);
    return run(session, &options);
}

struct problem {
    char text[256];
};

static void on_item(const char *item, const char *text, void *userdata)
{
    struct problem *problem = userdata;

    if (text && !problem->text[0])
        (void)snprintf(problem->text, sizeof(problem->text), "%s: %s", item, text);
}

static int renewal_unreadable(int error, const char *problem)
{
    if (error == -ENOENT)
        return ending(UNBOX_EXIT_REFUSED, "nothing to renew: this device has no credentials");
    if (error == -EKEYREJECTED)
        return ending(UNBOX_EXIT_REFUSED,
                "can't renew with these credentials (%s): ask the bench "
                "operator for a re-assignment token",
                problem);
    return ending(UNBOX_EXIT_FAILURE, "can't read the credentials: %s", strerror(-error));
}

static int renewal_nowhere(const struct renewal *renewal, time_t now)
{
    if (renewal->held)
        return session_config_invalid("the server has not heard of the new certificate yet, and "
                                      "enrolment.renew_url doesn't say where it is");
    return session_config_invalid("the certificate ends in %ld days, and enrolment.renew_url says "
                                  "nowhere to renew it",
            (long)((renewal->ends_at - now) / DAY_SEC));
}

int session_renew(const struct session *session)
{
    const char *url = unbox_config_string(session->config, "enrolment.renew_url");
    _cleanup_(renewal_done) struct renewal renewal = {};
    struct enrolment_options options = {.kind = &kind_renew, .url = url};
    struct problem problem = {};
    time_t now = clock_real.now();
    const struct credentials_wanted wanted = {
            .serial = session->serial,
            /* Of an old one too: that it is more than configured is --check's to say. */
            .key_mode = CREDENTIALS_KEY_MODE_MAX,
            .now = now,
            .fn = on_item,
            .userdata = &problem,
    };
    int r;

    if (token_waits(session->directory))
        return ending(UNBOX_EXIT_OK, "nothing to renew: a re-assignment is under way");
    r = renewal_load(session->directory, &wanted, &renewal);
    if (r < 0)
        return renewal_unreadable(r, problem.text);
    if (!renewal.due)
        return ending(UNBOX_EXIT_OK,
                "nothing to renew: the certificate is renewed in %ld days and "
                "ends in %ld",
                (long)((renewal.due_at - now) / DAY_SEC),
                (long)((renewal.ends_at - now) / DAY_SEC));
    if (!*url)
        return renewal_nowhere(&renewal, now);
    options.certificate_pem = renewal.certificate_pem;
    options.key_pem = renewal.key_pem;
    return run(session, &options);
}

int session_clock(const char *directory)
{
    int64_t floor;
    int r;

    if (clock_synchronised()) {
        r = clock_floor_raise(directory, clock_real.now());
        if (r < 0)
            return ending(UNBOX_EXIT_FAILURE, "can't keep the time: %s", strerror(-r));
        return ending(UNBOX_EXIT_OK, "the clock is synchronised");
    }
    r = clock_floor_read(directory, &floor);
    if (r == -ENOENT)
        return ending(UNBOX_EXIT_OK, "no time is known yet");
    if (r >= 0)
        r = clock_raise(&clock_real, floor);
    if (r < 0)
        return ending(UNBOX_EXIT_FAILURE, "can't set the clock: %s", strerror(-r));
    return ending(
            UNBOX_EXIT_OK, r > 0 ? "the clock was behind, and goes on from when it was last right"
                                 : "the clock is later than when it was last right");
}
