/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is known of the last apply of a section, and outlives healthd: it is written before anything
 * is touched, and again at each step, so that whoever starts next can say what was going on.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-id128.h>

#include "crypto.h"

#define APPLY_DIR "/var/lib/unbox/apply"

/* Of a Bluetooth name's 248 bytes each may be escaped. */
#define APPLY_VALUES_SIZE 1024

enum apply_step {
    APPLY_NEVER,
    APPLY_APPLYING,    /* what was before is kept; the new one may be in place or not */
    APPLY_REVERTING,   /* what was before is being put back */
    APPLY_UNCONFIRMED, /* the new one works, and goes unless it is confirmed in time */
    APPLY_APPLIED,
    APPLY_FAILED, /* what was before is in place */
};

/* Digests and values are "" where there is nothing. Values are those of properties, as a JSON
 * object: a file may hold a password, of which nothing but a digest is kept. */
struct apply_record {
    enum apply_step step;
    uint64_t when_usec; /* of this step, wall clock */
    char digest[CRYPTO_SHA256_HEX_SIZE];
    char old_digest[CRYPTO_SHA256_HEX_SIZE]; /* of what was before */
    mode_t old_mode;
    char values[APPLY_VALUES_SIZE];
    char ours[CRYPTO_SHA256_HEX_SIZE];  /* of what was applied last for good … */
    char our_values[APPLY_VALUES_SIZE]; /* … and its values */
    sd_id128_t boot;                    /* unconfirmed: in this boot … */
    uint64_t until_usec;                /* … until then, CLOCK_BOOTTIME */
    char message[512];                  /* for people; "" when all is well */
};

/* Reads that of a section; one that isn't there, or is of no use, is APPLY_NEVER. 0 or a negative
 * errno when it can't be read. */
int apply_record_read(const char *section, struct apply_record *ret);

/* Sets the time and writes, durably. 0 or a negative errno. */
int apply_record_write(const char *section, struct apply_record *record);

/* What is applied now is what was applied last for good. */
void apply_record_own(struct apply_record *record);

/* What has to be found there now: the digest of a file, or the values of properties; "" when
 * anything is fine. Borrowed. */
const char *apply_record_digest(const struct apply_record *record);
const char *apply_record_values(const struct apply_record *record);

/* In one word, as in get_status. */
const char *apply_step_name(enum apply_step step);
