/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The customer's network as netplan wants it. The radio is all that such a file ever holds, so that
 * nothing the customer does can break the wire.
 */

#include <stdbool.h>
#include <stddef.h>

#include "ssid.h"

#define PSK_MAX 64

struct wifi_network {
    struct ssid ssid;
    char psk[PSK_MAX + 1]; /* passphrase or 64 digits, see psk_check(); empty: an open network */
    bool hidden;           /* it doesn't tell its name: it has to be asked for */
};

/*
 * Writes the YAML for `interface`. `country` (ISO 3166) may be empty. 0; -EILSEQ when the SSID is
 * no UTF-8 or has a NUL: netplan would refuse the first and cut the second short; or -ENOMEM. The
 * caller frees *ret.
 */
int wifi_yaml_write(const struct wifi_network *network, const char *interface, const char *country,
        char **ret, size_t *ret_size);

/* Reads such a file back. 0, or -EBADMSG when it isn't one that wifi_yaml_write() could have made.
 */
int wifi_yaml_read(const char *text, size_t size, struct wifi_network *ret);
