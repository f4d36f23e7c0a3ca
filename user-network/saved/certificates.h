/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Certificates and keys that the customer has uploaded for 802.1X networks. They lie beside the
 * truth, each in a file named after its content: a file never changes once a network refers to it,
 * and two networks may share one.
 */

#include "paths.h"

#define CERTIFICATE_MAX (16 * 1024) /* bytes of PEM: a chain of a few certificates */

/* What was uploaded for one network, as PEM text; NULL: nothing. */
struct certificates {
    const char *ca;
    const char *certificate;
    const char *key;
    const char *password; /* of the key */
};

/* NULL when OpenSSL, which wpa_supplicant uses, can read them and they belong together; otherwise
 * what is wrong, as a sentence for the customer. Dates aren't looked at: our clock may be wrong. */
const char *certificates_check(const struct certificates *certificates);

/*
 * Keeps this PEM text, readable for root alone, and tells the path for the network. 0; -EINVAL when
 * it is no PEM, or too long; -ENAMETOOLONG; or another negative errno. The caller frees *ret.
 */
int certificates_keep(const struct paths *paths, const char *text, size_t size, char **ret);

/* Removes those for which `needed` doesn't hold. 0 or a negative errno. */
int certificates_tidy(const struct paths *paths, bool (*needed)(const char *path, void *userdata),
        void *userdata);
