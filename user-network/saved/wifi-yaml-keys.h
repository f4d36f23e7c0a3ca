/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What writer and reader of the customer's netplan file pass by netplan: keys of NetworkManager's
 * profiles (man nm-settings-keyfile), group and name with a dot between them. */

#define WIFI_YAML_PRIORITY "connection.autoconnect-priority"
#define WIFI_YAML_SECURITY "wifi-security.key-mgmt"
#define WIFI_YAML_DOMAIN "802-1x.domain-suffix-match"
#define WIFI_YAML_METHOD "ipv4.method"
#define WIFI_YAML_ADDRESS "ipv4.address1"
#define WIFI_YAML_DNS "ipv4.dns"
