/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The customer's networks as netplan wants them. The radio is all that such a file ever holds, so
 * that nothing the customer does can break the wire.
 */

#include "wifi-network.h"

/*
 * Writes the YAML for `interface`; the list isn't empty (-EINVAL), since netplan refuses a radio
 * without networks. 0; -EILSEQ when an SSID is no UTF-8 or has a NUL: netplan would refuse the
 * first and cut the second short; -EINVAL for what else wifi_network_check() refuses; or -ENOMEM.
 * The caller frees *ret, which holds secrets.
 */
int wifi_yaml_write(
        const struct wifi_list *list, const char *interface, char **ret, size_t *ret_size);

/*
 * Reads such a file back. 0, or -EBADMSG when it isn't one that wifi_yaml_write() could have made.
 * The caller clears *ret.
 */
int wifi_yaml_read(const char *text, size_t size, struct wifi_list *ret);
