/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The country that the radio obeys (regulatory domain, ISO 3166). The customer's word counts most,
 * then the factory's of this device, then the configuration's; without any the kernel keeps to what
 * is allowed everywhere, and some radios stay silent. The kernel is told by
 * unbox-regdom@COUNTRY.service, which alone has the capability.
 */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "device-identity.h"
#include "paths.h"

struct country;

struct country_options {
    sd_event *event;
    const struct paths *paths; /* borrowed */
    const char *factory;       /* copied, like the next one; "" where nothing is known */
    const char *configured;
    void (*changed)(void *userdata); /* the kernel has been told, or could not be */
    void *userdata;
};

/* Tells the kernel what is known. 0 or a negative errno. */
int country_new(const struct country_options *options, struct country **ret);

/* Accepts NULL; returns NULL. */
struct country *country_free(struct country *country);

/* The customer's word, kept for good; "" takes it back. 0, -EINVAL for one that the kernel doesn't
 * know, or another negative errno. */
int country_set(struct country *country, const char *code);

/* Tells the kernel once more: with a radio that has just been plugged in, its part that keeps the
 * country may have come only now. 0 or a negative errno. */
int country_tell(struct country *country);

/* "" when nobody has said one. Borrowed: the place stays, what stands there follows each change. */
const char *country_code(const struct country *country);

/* "customer", "factory" or "configuration"; NULL without a country. */
const char *country_source(const struct country *country);

/* Whether the kernel still has to be told: no hotspot before. Ends within seconds. */
bool country_pending(const struct country *country);

/* Why the kernel could not be told; NULL when it could, or nothing was to be told. */
const char *country_problem(const struct country *country);

DEFINE_CLEANUP(struct country *, country_free);
