/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The parameters of `connect`, from a caller whom nobody trusts, made into a network:
 *   ssid or ssid_hex; password; hidden; priority;
 *   security: "open", "wpa", "owe", "peap" or "tls"; without it what the scan and the rest say;
 *   identity, anonymous_identity, domain, ca_certificate, client_certificate, client_key,
 *   client_key_password: of 802.1X, the certificates and the key as PEM text;
 *   address ("192.168.1.20/24"), gateway, dns (a list): instead of what DHCP gives.
 */

#include "paths.h"
#include "scan-list.h"
#include "wifi-network.h"

/* Reads "ssid" or "ssid_hex". NULL, or what is wrong, as a sentence for the customer. */
const char *connect_request_ssid(json_t *params, struct ssid *ret);

/*
 * NULL, or what is wrong. `air` tells what is in reach; `known` is what is saved under this name,
 * or NULL: its priority stays unless another is asked for, and without a word on password, user or
 * address all of it does. Certificates are kept on the disk (see
 * certificates.h), on failure too: saved_tidy() removes them then. *ret is to be erased by the
 * caller in any case.
 */
const char *connect_request_read(json_t *params, const struct paths *paths,
        const struct scan_list *air, const struct wifi_network *known, struct wifi_network *ret);
