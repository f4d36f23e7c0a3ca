/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Keeps the customer's country, and has the kernel told at each start and each change. */

#include "country.h"

#include <stdio.h>
#include <string.h>

#include "country-codes.h"
#include "unbox/daemon.h"
#include "unbox/log.h"
#include "unbox/store.h"

/* The hotspot waits for it: that has an end, whatever systemd is busy with. */
#define APPLY_USEC (10 * USEC_PER_SEC)
#define FILE_SIZE_MAX 16

struct country {
    struct country_options options;
    char customer[3];
    char factory[3];
    char configured[3];
    char code[3];
    char *problem;
    struct unbox_daemon_call *call;
};

static void keep(char place[static 3], const char *code)
{
    memcpy(place, country_code_known(code) ? code : "\0\0", 3);
}

static void set_problem(struct country *country, const char *text)
{
    free(country->problem);
    country->problem = text ? strdup(text) : NULL;
}

static void on_applied(int error, const struct unbox_daemon_error *why,
        const struct unbox_daemon_status *status, void *userdata)
{
    struct country *country = userdata;

    set_problem(country, error < 0 ? why->text : NULL);
    if (error < 0)
        unbox_log_errno(LOG_ERR, error, "the radio can't be told that it is in %s (%s)",
                country->code, why->text);
    else
        unbox_log(LOG_INFO, "the radio keeps to the rules of %s", country->code);
    /* With it goes `why`. */
    country->call = unbox_daemon_call_free(country->call);
    country->options.changed(country->options.userdata);
}

/* The kernel has no way back to no country at all: it keeps the last one until the next boot. */
int country_tell(struct country *country)
{
    const char *code = *country->customer  ? country->customer
                       : *country->factory ? country->factory
                                           : country->configured;
    char unit[sizeof("unbox-regdom@XX.service")];

    memcpy(country->code, code, sizeof(country->code));
    country->call = unbox_daemon_call_free(country->call);
    set_problem(country, NULL);
    if (!*country->code)
        return 0;
    snprintf(unit, sizeof(unit), "unbox-regdom@%.2s.service", country->code);
    return unbox_daemon_start_async(
            country->options.event, unit, APPLY_USEC, on_applied, country, &country->call);
}

static void read_customer(struct country *country)
{
    _cleanup_free_ char *text = NULL;

    if (unbox_store_read(country->options.paths->country, FILE_SIZE_MAX, &text, NULL) < 0)
        return;
    text[strcspn(text, "\n")] = '\0';
    keep(country->customer, text);
    if (!*country->customer)
        unbox_log(LOG_WARNING, "%s doesn't count: it must have " COUNTRY_CODE_WANTED,
                country->options.paths->country);
}

int country_new(const struct country_options *options, struct country **ret)
{
    _cleanup_(country_free_p) struct country *country = calloc(1, sizeof(*country));
    int r;

    if (!country)
        return -ENOMEM;
    country->options = *options;
    keep(country->factory, options->factory);
    keep(country->configured, options->configured);
    read_customer(country);
    r = country_tell(country);
    if (r < 0)
        return r;
    *ret = STEAL(country);
    return 0;
}

struct country *country_free(struct country *country)
{
    if (!country)
        return NULL;
    unbox_daemon_call_free(country->call);
    free(country->problem);
    free(country);
    return NULL;
}

int country_set(struct country *country, const char *code)
{
    char line[sizeof("XX\n")];
    int r;

    if (*code && !country_code_known(code))
        return -EINVAL;
    snprintf(line, sizeof(line), "%.2s\n", code);
    r = *code ? unbox_store_write(country->options.paths->country, line, strlen(line), 0644, -1, -1)
              : unbox_store_remove(country->options.paths->country);
    if (r < 0)
        return r;
    keep(country->customer, code);
    return country_tell(country);
}

const char *country_code(const struct country *country)
{
    return country->code;
}

const char *country_source(const struct country *country)
{
    if (!*country->code)
        return NULL;
    return *country->customer ? "customer" : *country->factory ? "factory" : "configuration";
}

bool country_pending(const struct country *country)
{
    return country->call != NULL;
}

const char *country_problem(const struct country *country)
{
    return country->problem;
}
