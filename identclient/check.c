/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The items are credentials.c's; here come the folder, the flag, the expiry, and the hostname that
 * the device really has.
 */

#include "check.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hostnamed.h"
#include "identity.h"
#include "unbox/log.h"
#include "unbox/messages.h"
#include "unbox/run.h"

/* From here on the technician is told when it ends, not only that it still holds. */
#define SOON_DAYS 60

struct report {
    int problems;
    char first[320];
    sd_event *event;
    const char *hostname; /* that it should have */
};

static void on_item(const char *item, const char *problem, void *userdata)
{
    struct report *report = userdata;

    printf("%-8s %s%s%s\n", problem ? "PROBLEM" : "ok", item, problem ? ": " : "", problem ?: "");
    if (problem && report->problems++ == 0)
        (void)snprintf(report->first, sizeof(report->first), "%s: %s", item, problem);
}

static void check_folder(const char *directory, struct report *report)
{
    struct stat st;

    if (stat(directory, &st) < 0)
        on_item("folder", strerror(errno), report);
    else if (st.st_mode & S_IRWXO)
        on_item("folder", "it is open to everybody; 0750 is right", report);
    else
        on_item("folder", NULL, report);
    on_item("provisioned",
            identity_provisioned(directory) ? NULL : "the enrolment has not come to its end",
            report);
}

static void check_expiry(X509 *certificate, struct report *report)
{
    char item[64];
    time_t end;
    long days;

    if (crypto_certificate_not_after(certificate, &end) < 0) {
        on_item("expiry", "the date can't be read", report);
        return;
    }
    days = (end - time(NULL)) / (24 * 60 * 60);
    (void)snprintf(item, sizeof(item), "expiry (%ld days left%s)", days,
            days < SOON_DAYS ? ", renew it soon" : "");
    on_item(item, NULL, report);
}

static void on_hostname(int error, const char *name, void *userdata)
{
    struct report *report = userdata;
    char problem[160];

    if (error < 0) {
        on_item("hostname of the system", strerror(-error), report);
    } else if (!name || strcmp(name, report->hostname) != 0) {
        (void)snprintf(problem, sizeof(problem), "it is '%.64s', the identity says '%.64s'",
                name ?: "", report->hostname);
        on_item("hostname of the system", problem, report);
    } else {
        on_item("hostname of the system", NULL, report);
    }
    (void)sd_event_exit(report->event, 0);
}

static int check_system_hostname(const char *hostname, struct report *report)
{
    _cleanup_(sd_event_unref_p) sd_event *event = NULL;
    _cleanup_(hostnamed_free_p) struct hostnamed *hostnamed = NULL;
    int r;

    r = sd_event_new(&event);
    if (r < 0)
        return r;
    report->event = event;
    report->hostname = hostname;
    r = hostnamed_new(event, &hostnamed);
    if (r < 0) {
        on_item("hostname of the system", strerror(-r), report);
        return 0;
    }
    r = hostnamed_get(hostnamed, on_hostname, report);
    if (r < 0)
        return r;
    return sd_event_loop(event);
}

static void say(const struct report *report, const char *hostname)
{
    if (!report->problems) {
        unbox_run_notify_status("identity whole, hostname %s", hostname);
        return;
    }
    unbox_run_notify_status("identity not whole (%s)", report->first);
    unbox_log_event(LOG_ERR, UNBOX_MESSAGE_IDENTITY_DAMAGED,
            UNBOX_FIELDS("UNBOX_REASON", report->first), "The identity is not whole (%s), %d %s",
            report->first, report->problems, report->problems == 1 ? "problem" : "problems");
}

int check_identity_folder(const char *directory, const char *serial, mode_t key_mode)
{
    _cleanup_(credentials_done) struct credentials credentials = {};
    struct report report = {};
    const struct credentials_wanted wanted = {
            .serial = serial,
            .key_mode = key_mode,
            .now = time(NULL),
            .fn = on_item,
            .userdata = &report,
    };
    int r;

    check_folder(directory, &report);
    on_item("serial", serial ? NULL : "none in device tree, DMI or configuration", &report);
    if (serial) {
        r = identity_current(directory, &wanted, &credentials);
        if (r == -ENOENT)
            on_item("current", "there are no serial certs", &report);
        else if (r < 0 && r != -EKEYREJECTED)
            return r;
    }
    if (credentials.identity) {
        check_expiry(credentials.certificate, &report);
        r = check_system_hostname(credentials.hostname, &report);
        if (r < 0)
            return r;
    }
    say(&report, credentials.hostname);
    return report.problems ? 1 : 0;
}
