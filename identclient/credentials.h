/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The serial certs: one folder of four files that belong together. Whoever needs to know whether a
 * folder is whole asks here, with the same eyes: the enrolment before it makes a folder current,
 * the same again before it signs for it, and `identclient --check` in the field.
 */

#include <jansson.h>
#include <sys/stat.h>
#include <time.h>

#include "crypto.h"
#include "util.h"

#define CREDENTIALS_CERTIFICATE "certificate.pem.crt" /* with the chain behind it */
#define CREDENTIALS_KEY "private.pem.key"
#define CREDENTIALS_CA "ca.pem"
#define CREDENTIALS_IDENTITY "identity.json"

#define CREDENTIALS_FILE_MODE 0644
#define CREDENTIALS_KEY_MODE_MAX 0640

struct credentials {
    json_t *identity; /* identity.json; the strings below are borrowed from it */
    const char *attempt;
    const char *enrolment_id;
    const char *hostname;
    EVP_PKEY *key;
    X509 *certificate;
    char cert_sha256[CRYPTO_SHA256_HEX_SIZE];
};

/* Called for each item in turn; `problem` is NULL when the item is as it should be. */
typedef void (*credentials_item_fn)(const char *item, const char *problem, void *userdata);

/* What they have to be, and who hears whether they are. All borrowed. */
struct credentials_wanted {
    const char *serial;
    mode_t key_mode; /* 0640: the product's applications read the key by the group of the folder */
    time_t now;
    credentials_item_fn fn; /* may be NULL */
    void *userdata;
};

/*
 * Reads a folder and checks it: files and modes, identity.json, key and certificate belong
 * together, the chain leads to ca.pem, the dates hold, the subject is the serial, the hostname is
 * one label. Returns 0 with *ret to be freed by credentials_done(); -ENOENT when there is no such
 * folder; -EKEYREJECTED when an item isn't right.
 */
int credentials_load(
        const char *folder, const struct credentials_wanted *wanted, struct credentials *ret);

void credentials_done(struct credentials *credentials);
