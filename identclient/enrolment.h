/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One attempt to get an identity from the bench, from wherever the last one was interrupted to the
 * flag `provisioned`. It ends the loop with the exit code that systemd acts on: 0 done, 1 systemd
 * tries again, 77 refused for good.
 */

#include "tries.h"
#include "unbox/run.h"
#include "util.h"

struct enrolment;

/* All borrowed; they have to outlive the enrolment. */
struct enrolment_options {
    const char *directory; /* the identity folder */
    const char *sysfs;
    const char *serial;
    const char *url;
    const char *ca_pem;
    const char *interface; /* that the bench is on */
    const char *product;
    const char *hardware_revision;
    const char *batch;
    const char *const *mac_interfaces; /* whose hardware addresses the bench is told; ends with
                                          NULL */
    struct tries *tries;
};

/* Begins at once; the rest happens in the loop. 0 or a negative errno. */
int enrolment_new(
        struct unbox_run *run, const struct enrolment_options *options, struct enrolment **ret);

/* Accepts NULL; returns NULL. */
struct enrolment *enrolment_free(struct enrolment *enrolment);

DEFINE_CLEANUP(struct enrolment *, enrolment_free);
