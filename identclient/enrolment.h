/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One attempt to get credentials from the bench, the first ones or others, from wherever the last
 * one was interrupted to the flag `provisioned`. It ends the loop with the exit code that systemd
 * acts on: 0 done, 1 systemd tries again, 77 refused for good.
 */

#include "kind.h"
#include "token.h"
#include "tries.h"
#include "unbox/run.h"
#include "util.h"

struct enrolment;

/* All borrowed; they have to outlive the enrolment. */
struct enrolment_options {
    const struct kind *kind;
    const char *directory; /* the identity folder */
    const char *sysfs;
    const char *serial;
    mode_t key_mode; /* of the private key's file */
    const char *url;
    const char *ca_pem;
    const char *pins;            /* of the bench's key; NULL: none */
    const char *interface;       /* that the bench is on; NULL: wherever the route leads */
    bool ignore_dates;           /* of the bench's certificate */
    bool bundle;                 /* the bench makes the key */
    const char *certificate_pem; /* the present ones, of a renewal; NULL otherwise */
    const char *key_pem;
    const struct token *token;  /* of a re-assignment; NULL otherwise */
    const char *power_off_flag; /* made when it has come to its end; NULL: none */
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
